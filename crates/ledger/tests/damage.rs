//! Damaged files: named, kept, and everything readable carried into a new one.

mod common;

use std::path::Path;

use common::*;
use suanpan_journal::{Parent, SegmentId};
use suanpan_ledger::{
    CommitError, Damage, Ledger, Lock, OpenError, Opened, Replacement, SegmentHead, Verification, Working,
    verify,
};

fn replaced(opened: &Opened) -> &Replacement {
    opened.report.replaced.as_ref().expect("a replacement")
}

fn verification(dir: &Path) -> Verification {
    let lock = Lock::acquire(dir).expect("lock");
    verify(&lock, STATION).expect("verify")
}

/// Scrubs the whole journal once, and gives the replacement if there was one.
fn scrub(ledger: &mut Ledger) -> Option<Replacement> {
    (0..3).find_map(|_| ledger.scrub_step().expect("scrub"))
}

fn flip(path: &Path, offset: usize, bit: u8) {
    let mut bytes = std::fs::read(path).expect("read");
    bytes[offset] ^= 1 << bit;
    std::fs::write(path, bytes).expect("write");
}

#[test]
fn a_deleted_ledger_is_named_and_selling_goes_on_in_a_new_file() {
    let till = Till::new();
    till.sell(1..=3);
    std::fs::remove_file(till.file("ledger.db")).expect("delete");
    let mut opened = till.open();
    let found = replaced(&opened);
    assert_eq!((found.damage.code(), found.salvaged, &found.kept), ("LDG-DMG-001", 0, &None));
    assert_eq!(found.file, till.file("ledger-2.db"));
    sell(&mut opened.ledger, 1);
    drop(opened);
    assert!(till.open().report.replaced.is_none(), "told once");
    assert_eq!(std::fs::read_to_string(till.file("ledger.current")).expect("pointer"), "ledger-2.db");
}

#[test]
fn a_lost_pointer_is_found_again() {
    let till = Till::new();
    till.sell(1..=3);
    for pointer in [None, Some("rubbish"), Some("../ledger.db"), Some("")] {
        match pointer {
            None => std::fs::remove_file(till.file("ledger.current")).expect("delete"),
            Some(text) => std::fs::write(till.file("ledger.current"), text).expect("write"),
        }
        let opened = till.open();
        assert!(opened.report.replaced.is_none() && !opened.report.created, "{pointer:?}");
        assert_eq!(numbers(&opened.ledger), [1, 2, 3]);
    }
}

#[test]
fn a_truncated_ledger_keeps_what_is_left_of_it() {
    let till = Till::new();
    till.sell(1..=120);
    let whole = std::fs::read(till.file("ledger.db")).expect("read");
    let pages = whole.len() / 4096;
    for keep in [0, 1, 100, 4096, 4096 * (pages / 2), 4096 * (pages / 2) + 700, 4096 * (pages - 1)] {
        let till = Till::new();
        till.sell(1..=1);
        std::fs::write(till.file("ledger.db"), &whole[..keep]).expect("truncate");
        let mut opened = till.open();
        let found = replaced(&opened).clone();
        assert_eq!(found.kept, Some(till.file("ledger.db")));
        assert_eq!(
            std::fs::read(till.file("ledger.db")).expect("kept").len(),
            keep,
            "the old file is left alone"
        );
        let salvaged = numbers(&opened.ledger);
        assert_eq!(salvaged.len() as u64, found.salvaged, "kept {keep} of {}", whole.len());
        if keep > 4096 * (pages / 2) {
            assert!(!salvaged.is_empty(), "kept {keep} of {}", whole.len());
            assert_eq!(found.missing.last().map(|missing| missing.to), Some(None), "the end is unknown");
        }
        sell(&mut opened.ledger, 500);
        assert!(numbers(&opened.ledger).contains(&500));
        assert_eq!(opened.ledger.compare_projections().expect("compare"), None);
    }
}

/// Flips one bit everywhere and asserts that nothing wrong is ever believed, and that nothing readable is lost.
#[test]
fn a_flipped_bit_anywhere_costs_at_most_the_sale_it_hit_and_the_one_it_proved() {
    let till = Till::new();
    till.sell(1..=30);
    let whole = std::fs::read(till.file("ledger.db")).expect("read");
    let all: Vec<u32> = (1..=30).collect();
    let (mut noticed, mut replacements) = (0, 0);
    for (at, offset) in (0..whole.len()).step_by(389).enumerate() {
        let till = Till::new();
        std::fs::write(till.file("ledger.db"), &whole).expect("copy");
        flip(&till.file("ledger.db"), offset, (at % 8) as u8);
        let found = verification(till.path());
        noticed += u32::from(!found.is_whole());
        let mut opened = till.open();
        let first = opened.report.replaced.take();
        let done = first.or_else(|| scrub(&mut opened.ledger));
        replacements += u32::from(done.is_some());
        if found.is_whole() {
            assert!(done.is_none(), "offset {offset}: {done:?}");
            assert_eq!(numbers(&opened.ledger), all, "offset {offset}");
        }
        if let Some(done) = done {
            let salvaged = numbers(&opened.ledger);
            assert!(salvaged.len() >= 28, "offset {offset}: {} of 30, {:?}", salvaged.len(), done.damage);
            let lost = done.missing.iter().filter_map(|missing| missing.to.map(|to| to - missing.from + 1));
            assert!(
                salvaged.len() as u64 + lost.sum::<u64>() >= 30
                    || done.missing.iter().any(|m| m.to.is_none())
            );
        }
        // Damage in a projection shows when a sale touches it: the cashier is told, and sells it again.
        let sale = sale(31);
        match opened.ledger.append(&[common::at(31, &sale)], &Working::KEEP) {
            Ok(_) => {}
            Err(CommitError::Recovered { saved: false, .. }) => drop(sell(&mut opened.ledger, 31)),
            Err(other) => panic!("offset {offset}: {other:?}"),
        }
        // A key that changed in an index misleads every search; verify alone tells.
        if opened.ledger.compare_projections().is_ok_and(|difference| difference.is_none())
            && found.is_whole()
        {
            assert!(opened.ledger.document(id(31)).expect("query").is_some(), "offset {offset}");
        }
    }
    assert!(noticed > 30 && replacements > 15, "{noticed} noticed, {replacements} replaced");
}

#[test]
fn a_changed_payload_is_found_by_the_scrub_and_named() {
    let till = Till::new();
    till.sell(1..=20);
    drop(till.open());
    let bytes = std::fs::read(till.file("ledger.db")).expect("read");
    let needle = br#""no":7,"#;
    let at = bytes.windows(needle.len()).position(|window| window == needle).expect("sale 7");
    flip(&till.file("ledger.db"), at + 5, 0);
    let found = verification(till.path());
    assert!(matches!(&found.damage, Some(Damage::Entry { .. })), "{:?}", found.damage);

    let mut opened = till.open();
    assert!(opened.report.replaced.is_none(), "it lies before the mark, so the start does not read it");
    let done = scrub(&mut opened.ledger).expect("found");
    let segment = done.missing[0].segment;
    assert_eq!((done.missing[0].from, done.missing[0].to), (7, Some(7)));
    let after = opened.ledger.run(segment, 7..=u64::MAX, 1 << 20).expect("run").expect("found");
    assert_eq!((after.from, after.count, Some(after.prev_hash)), (8, 13, done.missing[0].to_hash));
    assert_eq!(numbers(&opened.ledger).len(), 19);
    drop(opened);
    let after = verification(till.path());
    assert!(!after.is_whole() && after.damage.is_none(), "one sale is still missing: {after:?}");
}

#[test]
fn a_second_damage_costs_nothing_behind_the_hole_that_the_first_one_left() {
    let till = Till::new();
    till.sell(1..=20);
    for (file, number) in [("ledger.db", 7), ("ledger-2.db", 15)] {
        drop(till.open());
        let bytes = std::fs::read(till.file(file)).expect("read");
        let needle = format!(r#""no":{number},"#);
        let found = bytes.windows(needle.len()).position(|window| window == needle.as_bytes());
        flip(&till.file(file), found.expect("the sale") + 5, 0);
        scrub(&mut till.open().ledger).expect("found");
    }
    let opened = till.open();
    assert_eq!(numbers(&opened.ledger), (1..=20).filter(|no| ![7, 15].contains(no)).collect::<Vec<_>>());
    let holes = opened.ledger.missing().expect("missing");
    let proven = holes.iter().filter(|it| it.to_hash.is_some()).map(|it| (it.from, it.to));
    assert_eq!(proven.collect::<Vec<_>>(), [(7, Some(7)), (15, Some(15))]);
}

#[test]
fn a_damaged_log_is_not_mistaken_for_a_torn_one() {
    let till = Till::new();
    let mut ledger = till.open().ledger;
    for number in 1..=8 {
        sell(&mut ledger, number);
    }
    drop(ledger);
    let log = till.file("ledger.db-wal");
    let whole = std::fs::read(&log).expect("log");
    let (header, frame) = (32, 24 + 4096);
    let frames = (whole.len() - header) / frame;

    // Torn: the last frames never reached the disk, so the last sale was never acknowledged.
    std::fs::write(&log, &whole[..header + (frames - 1) * frame + 512]).expect("tear");
    let opened = till.open();
    assert!(opened.report.replaced.is_none());
    assert_eq!(numbers(&opened.ledger), (1..=7).collect::<Vec<_>>());
    drop(opened);

    // Damaged: a frame in the middle no longer checks, and committed ones follow.
    for at in [header + 3 * frame + 100, header + 3 * frame + 17, 9] {
        let till = Till::new();
        drop(till.open());
        std::fs::write(till.file("ledger.db-wal"), &whole).expect("copy");
        std::fs::copy(log.with_file_name("ledger.db"), till.file("ledger.db")).expect("copy");
        flip(&till.file("ledger.db-wal"), at, 3);
        let opened = till.open();
        assert_eq!(replaced(&opened).damage, Damage::Wal);
        assert_eq!(numbers(&opened.ledger), (1..=8).collect::<Vec<_>>(), "byte {at}");
    }
}

#[test]
fn a_sale_longer_than_a_page_is_salvaged_whole() {
    let till = Till::new();
    let mut ledger = till.open().ledger;
    let mut long = sale(1);
    if let suanpan_domain::entry::Entry::Sale(sale) = &mut long {
        let line = sale.lines[0].clone();
        sale.lines.extend(std::iter::repeat_n(line, 150));
    }
    ledger.append(&[at(1, &long)], &suanpan_ledger::Working::KEEP).expect("commit");
    sell(&mut ledger, 2);
    ledger.settle().expect("settle");
    drop(ledger);
    flip(&till.file("ledger.db"), 3, 1);
    let opened = till.open();
    assert_eq!(replaced(&opened).salvaged, 2);
    assert_eq!(opened.ledger.document(id(1)).expect("query").expect("found").entry, long);
}

#[test]
fn a_ledger_from_a_newer_version_is_refused_and_not_touched() {
    let till = Till::new();
    till.sell(1..=3);
    let newer = |opened_from: i64| {
        let conn = rusqlite::Connection::open(till.file("ledger.db")).expect("open");
        conn.execute("delete from migration where version = 99", []).expect("delete");
        conn.execute("insert into migration values (99, 'later', x'00', ?1)", [opened_from]).expect("insert");
    };
    newer(99);
    let before = std::fs::read(till.file("ledger.db")).expect("read");
    match till.try_open() {
        Err(error @ OpenError::NewerVersion { found: 99, .. }) => assert_eq!(error.code(), "LDG-OPN-002"),
        other => panic!("{other:?}"),
    }
    assert_eq!(std::fs::read(till.file("ledger.db")).expect("read"), before);
    newer(2);
    assert_eq!(numbers(&till.open().ledger), [1, 2, 3], "the newer version says that this one may open it");
}

#[test]
fn a_dropped_trigger_is_noticed() {
    let till = Till::new();
    till.sell(1..=3);
    let conn = rusqlite::Connection::open(till.file("ledger.db")).expect("open");
    conn.execute("drop trigger entry_is_never_deleted", []).expect("drop");
    drop(conn);
    let opened = till.open();
    assert_eq!(replaced(&opened).damage, Damage::Schema);
    assert_eq!(numbers(&opened.ledger), [1, 2, 3]);
}

#[test]
fn what_the_hub_kept_fills_the_hole_and_counts_again() {
    let till = Till::new();
    till.sell(1..=20);
    let opened = till.open();
    let segment = opened.ledger.segments().expect("segments")[0];
    let kept = opened.ledger.run(segment.head.segment, 1..=20, 1 << 20).expect("run").expect("found");
    let part = opened.ledger.run(segment.head.segment, 7..=7, 1).expect("run").expect("found");
    let late = opened.ledger.run(segment.head.segment, 9..=9, 1).expect("run").expect("found");
    drop(opened);
    let bytes = std::fs::read(till.file("ledger.db")).expect("read");
    let at = bytes.windows(7).position(|window| window == br#""no":7,"#).expect("sale 7");
    flip(&till.file("ledger.db"), at + 5, 0);
    let mut opened = till.open();
    scrub(&mut opened.ledger).expect("replaced");
    let ledger = &mut opened.ledger;
    let (id, parent) = (segment.head.segment, segment.parent);
    assert_eq!(ledger.documents_after(id, 0).expect("count"), 19);
    assert_eq!(ledger.restore(id, &parent, &late.bytes).expect("known already"), Some(0));
    let mut forged = part.bytes.clone();
    *forged.last_mut().expect("a byte") ^= 1;
    assert!(ledger.restore(id, &parent, &forged).is_err(), "it does not lead to the entry after it");
    assert_eq!(ledger.restore(id, &parent, &part.bytes).expect("restore"), Some(1));
    assert_eq!(ledger.documents_after(id, 0).expect("count"), 20, "what came in between counts too");
    ledger.close_open_end(id).expect("close");
    assert!(ledger.missing().expect("missing").is_empty());
    drop(opened);
    let opened = till.open();
    assert_eq!(numbers(&opened.ledger), (1..=20).collect::<Vec<_>>());
    drop(opened);
    assert!(verification(till.path()).is_whole());

    // A disk that lost everything gets the segment back whole, before the one it writes now.
    for file in ["ledger-2.db", "ledger-2.db-wal"] {
        std::fs::remove_file(till.file(file)).expect("delete");
    }
    let mut opened = till.open();
    sell(&mut opened.ledger, 1);
    assert_eq!(opened.ledger.restore(id, &Parent::ROOT, &kept.bytes).expect("restore"), Some(20));
    assert_eq!(opened.ledger.segments().expect("segments")[0].head, segment.head);
    drop(opened);
    let opened = till.open();
    assert_eq!(numbers(&opened.ledger).len(), 21);
    assert_eq!(opened.ledger.compare_projections().expect("compare"), None);
    assert_eq!(opened.ledger.documents_by_number(DATE, 1).expect("query").len(), 2, "both are listed");
}

#[test]
fn a_restored_segment_whose_parent_ends_too_early_names_what_is_missing_of_that() {
    let till = Till::new();
    till.sell(1..=3);
    till.sell(4..=5);
    let opened = till.open();
    let [first, second] = opened.ledger.segments().expect("segments")[..] else { panic!("two starts") };
    let run = |segment: SegmentId, seqs| {
        opened.ledger.run(segment, seqs, 1 << 20).expect("run").expect("found").bytes
    };
    let runs =
        [run(first.head.segment, 1..=1), run(second.head.segment, 1..=2), run(first.head.segment, 2..=3)];
    let other = Till::new();
    let mut ledger = other.open().ledger;
    sell(&mut ledger, 9);
    let mut restore = |of: &SegmentHead, run: &[u8]| {
        ledger.restore(of.head.segment, &of.parent, run).expect("restored");
        ledger
            .missing()
            .expect("missing")
            .iter()
            .map(|hole| (hole.segment, hole.from, hole.to))
            .collect::<Vec<_>>()
    };
    assert_eq!(restore(&first, &runs[0]), []);
    assert_eq!(restore(&second, &runs[1]), [(first.head.segment, 2, Some(3))]);
    assert_eq!(restore(&first, &runs[2]), []);
    drop(ledger);
    drop(other.open());
    assert!(verification(other.path()).is_whole());
}
