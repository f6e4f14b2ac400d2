//! What the hub does with a range, as tables.

mod support;

use suanpan_journal::{Hash, Parent};
use suanpan_sync::{Fork, ForkKind, Hole, KnownHead, Offer, RecordedHole, Verdict, classify, epoch_after};
use support::*;

/// Entries are letters; what is stored and what is offered are words that both start at entry 1.
fn word(letters: &str) -> Written {
    let payloads: Vec<String> = letters.chars().map(String::from).collect();
    let payloads: Vec<&str> = payloads.iter().map(String::as_str).collect();
    Written::new(segment(1), Parent::ROOT, &payloads)
}

fn stored(pushes: &[(&str, u64)]) -> MemoryHub {
    let mut hub = MemoryHub::new();
    for (letters, from) in pushes {
        let word = word(letters);
        hub.take(&word.push(*from, word.head()).encode()).unwrap();
    }
    hub
}

fn verdict(hub: &MemoryHub, letters: &str, from: u64) -> Verdict {
    let push = word(letters).push(from, letters.len() as u64);
    let checked = push.check(STATION, &station_key().public()).unwrap();
    let mut known = hub.segments.get(&segment(1)).cloned().unwrap_or_default();
    classify(&Offer::from(&checked), &mut known).unwrap()
}

fn have(head: KnownHead) -> Verdict {
    Verdict::Have { head, cut_at: None }
}

fn at(letters: &str) -> KnownHead {
    let word = word(letters);
    KnownHead { seq: word.head(), hash: word.chain_at(word.head()).hash }
}

fn check(pushes: &[(&str, u64)], offered: &str, from: u64, expected: Verdict) {
    let found = verdict(&stored(pushes), offered, from);
    assert_eq!(found, expected, "stored {pushes:?}, offered {offered} from {from}");
}

#[test]
fn a_segment_starts_at_its_first_entry_only() {
    check(&[], "ab", 1, Verdict::Append { branch: 0 });
    check(&[], "abc", 3, Verdict::Gap(vec![]));
}

#[test]
fn a_range_that_follows_the_head_is_appended() {
    check(&[("ab", 1)], "abcd", 3, Verdict::Append { branch: 0 });
    check(&[("ab", 1), ("abcd", 3)], "abcde", 5, Verdict::Append { branch: 0 });
}

#[test]
fn a_range_that_is_stored_is_the_same_however_it_is_cut() {
    for (offered, from) in [("abcd", 1), ("ab", 1), ("abc", 2), ("abcd", 4), ("a", 1)] {
        check(&[("ab", 1), ("abcd", 3)], offered, from, Verdict::Same);
    }
}

#[test]
fn a_range_across_the_head_is_cut_again_after_it() {
    for from in [1, 2, 4] {
        check(&[("abcd", 1)], "abcdef", from, have(at("abcd")));
    }
}

#[test]
fn a_range_past_the_head_is_a_gap() {
    check(&[("ab", 1)], "abcde", 5, Verdict::Gap(vec![at("ab")]));
    check(&[("ab", 1)], "abcd", 4, Verdict::Gap(vec![at("ab")]));
}

#[test]
fn a_range_that_leaves_at_an_older_entry_is_a_branch() {
    check(&[("abcd", 1)], "abxy", 3, Verdict::Branch { branch: 1, from: Some(0), at_seq: 2 });
    check(&[("abcd", 1)], "xy", 1, Verdict::Branch { branch: 1, from: Some(0), at_seq: 0 });
}

#[test]
fn a_range_that_differs_inside_is_cut_at_the_last_entry_in_common() {
    check(&[("abcd", 1)], "abxy", 1, have(at("ab")));
    check(&[("abcdefgh", 1)], "abcdefxhij", 2, have(at("abcdef")));
}

#[test]
fn both_branches_go_on_and_neither_is_stored_twice() {
    let clone = [("abcd", 1), ("abxy", 3)];
    check(&clone, "abcde", 5, Verdict::Append { branch: 0 });
    check(&clone, "abxyz", 5, Verdict::Append { branch: 1 });
    check(&clone, "abxy", 3, Verdict::Same);
    check(&clone, "abxy", 1, Verdict::Same);
    check(&clone, "abxyz", 4, have(at("abxy")));
    check(&clone, "abxq", 4, Verdict::Branch { branch: 2, from: Some(1), at_seq: 3 });
    check(&clone, "abcdefg", 7, Verdict::Gap(vec![at("abcd"), at("abxy")]));
}

#[test]
fn another_opening_is_a_branch_without_anything_in_common() {
    let other = Written::new(segment(1), Parent { segment: segment(9), seq: 3, hash: Hash([3; 32]) }, &["a"]);
    let checked = other.push(1, 1).check(STATION, &station_key().public()).unwrap();
    let mut known = stored(&[("ab", 1)]).segments[&segment(1)].clone();
    let found = classify(&Offer::from(&checked), &mut known).unwrap();
    assert_eq!(found, Verdict::Branch { branch: 1, from: None, at_seq: 0 });
}

#[test]
fn a_segment_that_branches_without_end_is_refused() {
    let mut hub = stored(&[("ab", 1)]);
    for letter in "cdefghijklmnopq".chars() {
        let word = word(&format!("a{letter}"));
        hub.take(&word.push(2, 2).encode()).unwrap();
    }
    assert_eq!(verdict(&hub, "az", 2), Verdict::TooManyBranches);
    assert_eq!(verdict(&hub, "ac", 2), Verdict::Same);
}

/// Entries 3 to 4 of `abcdef` are a hole.
fn with_hole() -> MemoryHub {
    let mut hub = stored(&[("ab", 1)]);
    let known = hub.segments.get_mut(&segment(1)).unwrap();
    known.holes.push(RecordedHole { branch: 0, from_seq: 3, to_seq: 4, to_hash: at("abcd").hash });
    hub
}

#[test]
fn a_sale_after_a_hole_is_appended_and_the_hole_is_filled_later() {
    let mut hub = with_hole();
    assert_eq!(verdict(&hub, "abcdef", 5), Verdict::Append { branch: 0 });
    hub.take(&word("abcdef").push(5, 6).encode()).unwrap();
    assert_eq!(verdict(&hub, "abcdef", 6), Verdict::Same);
    assert_eq!(verdict(&hub, "abc", 3), Verdict::Fill { branch: 0 });
    assert_eq!(verdict(&hub, "abcd", 3), Verdict::Fill { branch: 0 });
    assert_eq!(verdict(&hub, "abxy", 3), Verdict::Branch { branch: 1, from: Some(0), at_seq: 2 });
    hub.take(&word("abc").push(3, 3).encode()).unwrap();
    hub.take(&word("abcd").push(4, 4).encode()).unwrap();
    assert_eq!(verdict(&hub, "abcdef", 1), Verdict::Same);
}

#[test]
fn a_range_that_reaches_across_a_hole_is_cut_at_both_its_ends() {
    let mut hub = with_hole();
    hub.take(&word("abcdef").push(5, 6).encode()).unwrap();
    for letters in ["abc", "abcd", "abcdef", "abcdefg"] {
        assert_eq!(verdict(&hub, letters, 1), have(at("ab")), "{letters} is not stored whole");
    }
    for letters in ["abcde", "abcdefg"] {
        assert_eq!(verdict(&hub, letters, 3), Verdict::Have { head: at("ab"), cut_at: Some(4) }, "{letters}");
    }
    let other = Verdict::Branch { branch: 1, from: Some(0), at_seq: 2 };
    assert_eq!(verdict(&hub, "abxyzz", 3), other, "it does not end the hole as declared");
}

#[test]
fn a_hole_that_nothing_followed_is_closed_by_the_bytes_themselves() {
    assert_eq!(verdict(&with_hole(), "abcd", 3), Verdict::Append { branch: 0 });
    assert_eq!(verdict(&with_hole(), "abcdx", 6 - 1), Verdict::Append { branch: 0 });
}

#[test]
fn a_segment_of_which_only_a_hole_is_known_accepts_its_opening() {
    let mut hub = MemoryHub::new();
    assert_eq!(declare(&mut hub, "abc", 1, 2), [(0, 1, 2)]);
    assert_eq!(verdict(&hub, "abc", 3), Verdict::Append { branch: 0 });
    assert_eq!(verdict(&hub, "ab", 1), Verdict::Append { branch: 0 });
    hub.take(&word("ab").push(1, 2).encode()).unwrap();
    assert_eq!(verdict(&hub, "ab", 1), Verdict::Same, "sent again, because the ack was lost");
    assert_eq!(verdict(&hub, "abc", 3), Verdict::Append { branch: 0 });
}

/// What stands in the branches of `hub` after a machine that wrote `letters` declared that `from` to `to` are nowhere.
fn declare(hub: &mut MemoryHub, letters: &str, from: u64, to: u64) -> Vec<(u32, u64, u64)> {
    let seqs = (from, to);
    let to_hash = word(letters).chain_at(to).hash;
    let hole = Hole::declare(&station_key(), STATION, segment(1), seqs, to_hash).unwrap();
    hub.declare(&hole);
    hub.segments[&segment(1)].holes.iter().map(|it| (it.branch, it.from_seq, it.to_seq)).collect()
}

#[test]
fn a_hole_continues_the_head_it_follows_and_not_the_longest() {
    let mut hub = stored(&[("abcdefgh", 1), ("abxy", 3)]);
    assert_eq!(declare(&mut hub, "abxyzzw", 5, 6), [(1, 5, 6)]);
    assert_eq!(verdict(&hub, "abxyzzw", 7), Verdict::Append { branch: 1 });
}

#[test]
fn a_hole_that_another_disk_declares_shorter_ends_where_what_was_found_begins() {
    let mut hub = stored(&[("ab", 1)]);
    assert_eq!(declare(&mut hub, "abcdefg", 3, 6), [(0, 3, 6)]);
    assert_eq!(declare(&mut hub, "abcdefg", 3, 4), [(0, 3, 4), (0, 5, 6)]);
    assert_eq!(verdict(&hub, "abcdefg", 7), Verdict::Append { branch: 0 }, "no sale waits for 5 and 6");
    assert_eq!(verdict(&hub, "abcdef", 5), Verdict::Append { branch: 0 });
}

#[test]
fn a_hole_inside_is_split_so_that_its_second_half_is_filled_alone() {
    let mut hub = stored(&[("ab", 1)]);
    declare(&mut hub, "abcdefg", 3, 6);
    hub.take(&word("abcdefg").push(7, 7).encode()).unwrap();
    assert_eq!(declare(&mut hub, "abcdefg", 3, 4), [(0, 3, 4), (0, 5, 6)]);
    assert_eq!(verdict(&hub, "abcdef", 5), Verdict::Fill { branch: 0 });
}

#[test]
fn what_is_known_and_what_was_declared_is_no_other_hole() {
    let mut hub = stored(&[("ab", 1)]);
    declare(&mut hub, "abcdefg", 3, 4);
    assert_eq!(declare(&mut hub, "abcdefg", 3, 4), [(0, 3, 4)], "declared again");
    assert_eq!(declare(&mut hub, "abcdefg", 5, 6), [(0, 3, 4), (0, 5, 6)], "continued");
    assert_eq!(declare(&mut hub, "abcdefg", 3, 6), [(0, 3, 4), (0, 5, 6)], "declared as one");
    assert_eq!(verdict(&hub, "abcdefg", 7), Verdict::Append { branch: 0 });
    let mut whole = stored(&[("abcdef", 1)]);
    assert_eq!(declare(&mut whole, "abcdef", 3, 4), []);
}

#[test]
fn a_hole_where_another_disk_wrote_something_else_is_a_branch_of_its_own() {
    let mut hub = stored(&[("abcdef", 1)]);
    assert_eq!(declare(&mut hub, "abxyz", 3, 3), [(1, 3, 3)]);
    assert_eq!(verdict(&hub, "abxyz", 4), Verdict::Append { branch: 1 });
    hub.take(&word("abxyz").push(4, 5).encode()).unwrap();
    assert_eq!(verdict(&hub, "abx", 3), Verdict::Fill { branch: 1 });
    assert_eq!(verdict(&hub, "abcdefg", 7), Verdict::Append { branch: 0 });
    assert_eq!(declare(&mut hub, "abxyz", 3, 3), [(1, 3, 3)], "declared again");
}

#[test]
fn what_follows_a_hole_that_may_be_of_two_branches_is_stored_once() {
    let mut hub = stored(&[("abcd", 1), ("abxy", 3)]);
    assert_eq!(declare(&mut hub, "abcdefg", 5, 6), [(0, 5, 6)]);
    assert_eq!(verdict(&hub, "abcdefg", 7), Verdict::Append { branch: 0 });
    hub.take(&word("abcdefg").push(7, 7).encode()).unwrap();
    assert_eq!(verdict(&hub, "abcdefg", 7), Verdict::Same);
    assert_eq!(verdict(&hub, "abcdefgh", 7), have(at("abcdefg")));
    let parts = Verdict::Branch { branch: 2, from: Some(0), at_seq: 6 };
    assert_eq!(verdict(&hub, "abcdefz", 7), parts);
    // What was in the hole turns out to be the other branch's: what came after it stays where it is.
    let mut hub = stored(&[("abcd", 1), ("abxy", 3)]);
    declare(&mut hub, "abxyefg", 5, 6);
    hub.take(&word("abxyefg").push(7, 7).encode()).unwrap();
    assert_eq!(verdict(&hub, "abxyef", 5), Verdict::Append { branch: 1 });
    hub.take(&word("abxyef").push(5, 6).encode()).unwrap();
    assert_eq!(verdict(&hub, "abxyefg", 7), Verdict::Same);
    assert_eq!(verdict(&hub, "abxyefgh", 7), have(at("abxyefg")));
}

#[test]
fn holes_of_two_histories_that_end_at_one_seq_are_two() {
    let mut hub = stored(&[("ab", 1)]);
    assert_eq!(declare(&mut hub, "abcde", 3, 4), [(0, 3, 4)]);
    assert_eq!(declare(&mut hub, "abxyz", 3, 4), [(0, 3, 4), (1, 3, 4)]);
    assert_eq!(verdict(&hub, "abxyz", 5), Verdict::Append { branch: 1 });
    assert_eq!(verdict(&hub, "abcde", 5), Verdict::Append { branch: 0 });
}

#[test]
fn what_only_a_hole_names_is_not_stored() {
    let mut hub = with_hole();
    hub.take(&word("abcdef").push(5, 6).encode()).unwrap();
    hub.take(&word("abcdexy").push(6, 7).encode()).unwrap();
    assert_eq!(
        verdict(&hub, "abcd", 3),
        Verdict::Fill { branch: 0 },
        "though a second branch has the hole's end"
    );
}

#[test]
fn a_hole_over_what_another_history_has_begins_a_branch() {
    let mut hub = stored(&[("abcd", 1)]);
    declare(&mut hub, "abcdefgh", 5, 6);
    hub.take(&word("abcdefgh").push(7, 8).encode()).unwrap();
    assert_eq!(declare(&mut hub, "abcdwxyzq", 5, 8), [(0, 5, 6), (1, 5, 8)]);
    assert_eq!(verdict(&hub, "abcdwxyzq", 9), Verdict::Append { branch: 1 });
}

#[test]
fn a_lost_tail_becomes_a_clone_when_the_old_side_grows() {
    let fork = Fork { at_seq: 50, old_head_seq: 60, old_side_grew: false };
    assert_eq!(fork.kind(), ForkKind::LostTail { from_seq: 51, to_seq: 60 });
    assert_eq!(Fork { old_side_grew: true, ..fork }.kind(), ForkKind::Clone);
}

#[test]
fn an_epoch_ends_when_something_signed_in_it_is_gone() {
    for (own, shown, held, expected) in [
        (1, 1, true, None),
        (1, 1, false, Some(1_000)),
        (2, 1, false, None),
        (2, 1, true, None),
        (1, 3, true, Some(1_000)),
        (1, 3, false, Some(1_000)),
        (1, 2_000, false, Some(2_001)),
        (u64::MAX, u64::MAX, false, Some(u64::MAX)),
    ] {
        assert_eq!(epoch_after(own, shown, held, 1_000), expected, "own {own}, shown {shown}, held {held}");
    }
}
