//! A station and a hub talk over a line that loses, repeats and delays, while either is restored or restarted:
//! whatever happened, they end with the same entries.

mod support;

use proptest::prelude::*;
use suanpan_journal::{Hash, Parent, SegmentId};
use suanpan_sync::{Edge, Effect, KnownHead, Next, Outcome, PushReply, RecordedHole, SegmentStatus};
use support::*;

/// A till: its journal, what it remembers of the hub, and its upload.
struct Till {
    journal: Vec<Written>,
    cursors: Vec<(SegmentId, u64, u64)>,
    ack: Option<suanpan_sync::Ack>,
    edge: Edge,
    now_ms: i64,
    refusals: u32,
}

impl Till {
    fn new() -> Till {
        let edge = Edge::new(STATION, hub_key().public(), None, 1);
        let mut till = Till { journal: vec![], cursors: vec![], ack: None, edge, now_ms: 0, refusals: 0 };
        till.start();
        till
    }

    /// Starts the app: a new segment on top of the last, and an upload that knows only what was saved.
    fn start(&mut self) {
        let parent = self.journal.last().map_or(Parent::ROOT, |it| it.chain_at(it.head()).as_parent());
        self.journal.retain(|it| it.head() > 0);
        let id = segment(u8::try_from(self.journal.len() + 1).unwrap());
        self.journal.push(Written::new(id, parent, &[]));
        self.edge = Edge::new(STATION, hub_key().public(), self.ack.clone(), 1);
        for written in self.journal.clone() {
            self.observe(&written);
        }
    }

    fn observe(&mut self, written: &Written) {
        let saved = self.cursors.iter().find(|(id, ..)| *id == written.id);
        let (acked_seq, epoch) = saved.map_or((0, 0), |(_, seq, epoch)| (*seq, *epoch));
        self.edge.observe(&SegmentStatus { segment: written.id, head_seq: written.head(), acked_seq, epoch });
    }

    fn sell(&mut self, n: u32) {
        let current = self.journal.last_mut().unwrap();
        current.payloads.push(format!("sale {n}").into_bytes());
        let current = current.clone();
        self.observe(&current);
    }

    fn written(&self, id: SegmentId) -> &Written {
        self.journal.iter().find(|it| it.id == id).unwrap()
    }

    /// The bytes of the next push, after any pause.
    fn next_push(&mut self) -> Option<Vec<u8>> {
        let range = loop {
            match self.edge.next(self.now_ms) {
                Next::Push(range) => break range,
                Next::Wait { ms } => self.now_ms += ms as i64,
                Next::Idle => return None,
            }
        };
        let written = self.written(range.segment);
        // Three entries stand for a window's worth.
        let to = range.to_seq_max.min(range.from_seq + 2);
        let mut push = written.push(range.from_seq, to);
        let head_hash = written.chain_at(to).hash;
        self.edge.cut(to, head_hash);
        push.shown = self.edge.newest_ack().filter(|_| range.shows).cloned();
        Some(push.encode())
    }

    fn hear(&mut self, outcome: Outcome) {
        if matches!(outcome, Outcome::Refused { .. }) {
            self.refusals += 1;
        }
        let journal = self.journal.clone();
        let own = |id: SegmentId, seq: u64| -> Option<Hash> {
            journal.iter().find(|it| it.id == id).and_then(|it| it.hash_at(seq))
        };
        let random = self.now_ms as u64;
        let mut effects = self.edge.take(&outcome, &own, self.now_ms, random);
        while let Some(effect) = effects.pop() {
            match effect {
                Effect::SaveCursor { segment, acked_seq, epoch, ack } => {
                    self.cursors.retain(|(id, ..)| *id != segment);
                    self.cursors.push((segment, acked_seq, epoch));
                    self.ack = ack.or(self.ack.take());
                }
                // This disk has everything.
                Effect::Offer(lacking) => effects.extend(self.edge.offer_again(&lacking)),
                Effect::FetchTail(_) | Effect::ReEnrol => {}
            }
        }
    }

    fn exchange(&mut self, hub: &mut MemoryHub) -> bool {
        let Some(body) = self.next_push() else { return false };
        let outcome = match hub.take(&body) {
            Ok(reply) => Outcome::Reply(reply),
            Err(code) => Outcome::Refused { code },
        };
        self.hear(outcome);
        true
    }

    fn drain(&mut self, hub: &mut MemoryHub) {
        let most = 50 + 20 * self.journal.iter().map(Written::head).sum::<u64>();
        for _ in 0..most {
            if !self.exchange(hub) {
                return;
            }
        }
        panic!("the upload does not come to rest");
    }

    fn assert_hub_has_everything(&self, hub: &MemoryHub) {
        for written in self.journal.iter().filter(|it| it.head() > 0) {
            let own: Vec<Hash> = (1..=written.head()).map(|seq| written.hash_at(seq).unwrap()).collect();
            assert_eq!(hub.hashes(written.id), own, "segment {}", written.id);
            assert_eq!(hub.segments[&written.id].heads.len(), 1, "no branch of {}", written.id);
        }
        assert_eq!(self.edge.unacked().count(), 0);
        assert_eq!(self.refusals, 0, "an honest station is never refused");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Sell,
    Exchange,
    LoseRequest,
    LoseReply,
    /// The request arrives again later.
    Repeat,
    RestartTill,
    BackUpHub,
    RestoreHub,
    LoseHub,
    Garbage,
    Busy,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => Just(Step::Sell),
        8 => Just(Step::Exchange),
        2 => Just(Step::LoseRequest),
        3 => Just(Step::LoseReply),
        2 => Just(Step::Repeat),
        2 => Just(Step::RestartTill),
        1 => Just(Step::BackUpHub),
        1 => Just(Step::RestoreHub),
        1 => Just(Step::LoseHub),
        1 => Just(Step::Garbage),
        1 => Just(Step::Busy),
    ];
    proptest::collection::vec(step, 1..80)
}

fn run(steps: &[Step]) {
    let mut till = Till::new();
    let mut hub = MemoryHub::new();
    let mut backup = hub.clone();
    let mut sent: Vec<Vec<u8>> = Vec::new();
    for (n, step) in (0u32..).zip(steps) {
        match step {
            Step::Sell => till.sell(n),
            Step::Exchange => {
                till.exchange(&mut hub);
            }
            Step::RestartTill => till.start(),
            Step::BackUpHub => backup = hub.clone(),
            Step::RestoreHub => hub = backup.clone(),
            Step::LoseHub => hub = MemoryHub::new(),
            Step::Repeat => {
                for body in &sent {
                    let _ = hub.take(body);
                }
            }
            Step::LoseRequest | Step::LoseReply | Step::Garbage | Step::Busy => {
                let Some(body) = till.next_push() else { continue };
                if matches!(step, Step::LoseReply) {
                    hub.take(&body).unwrap();
                }
                sent = vec![body];
                till.hear(match step {
                    Step::Busy => Outcome::Reply(PushReply::Busy { retry_after_ms: 9 }),
                    _ => Outcome::Failed,
                });
            }
        }
    }
    // A hub hears of its loss from the next push.
    till.start();
    till.sell(9_999);
    till.drain(&mut hub);
    till.assert_hub_has_everything(&hub);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn whatever_the_line_and_the_hub_do_every_entry_ends_there_once(steps in steps()) {
        run(&steps);
    }
}

#[test]
fn a_hub_restored_from_a_backup_is_refilled_by_the_till() {
    use Step::*;
    run(&[
        Sell,
        Sell,
        Exchange,
        BackUpHub,
        Sell,
        Exchange,
        RestartTill,
        Sell,
        Exchange,
        RestoreHub,
        Sell,
        Exchange,
    ]);
}

#[test]
fn what_the_hub_lacks_of_what_it_acked_is_offered_once_by_a_disk_that_has_it() {
    let (mut hub, mut till) = (MemoryHub::new(), Till::new());
    (1..=6).for_each(|n| till.sell(n));
    // Another disk of this till, which had lost two to four, declared them and went on: this one knows its ack.
    let written = till.journal[0].clone();
    hub.take(&written.push(1, 1).encode()).unwrap();
    let to_hash = written.hash_at(4).unwrap();
    let hole = RecordedHole { branch: 0, from_seq: 2, to_seq: 4, to_hash };
    hub.segments.get_mut(&written.id).unwrap().holes.push(hole);
    let PushReply::Ack { ack, .. } = hub.take(&written.push(5, 6).encode()).unwrap() else {
        panic!("an ack")
    };
    till.cursors.push((written.id, 6, ack.hub_epoch));
    till.ack = Some(ack);
    till.start();
    till.sell(7);
    till.drain(&mut hub);
    till.assert_hub_has_everything(&hub);

    // One that does not have it is asked once.
    hub.segments.get_mut(&written.id).unwrap().holes.push(RecordedHole { from_seq: 9, to_seq: 9, ..hole });
    let lacks = |till: &mut Till, hub: &mut MemoryHub, n| {
        till.sell(n);
        let body = till.next_push().unwrap();
        let reply = Outcome::Reply(hub.take(&body).unwrap());
        let effects = till.edge.take(&reply, &|_, _| None, 0, 0);
        effects.iter().filter(|it| matches!(it, Effect::Offer(_))).count()
    };
    assert_eq!([lacks(&mut till, &mut hub, 8), lacks(&mut till, &mut hub, 9)], [0, 0], "it was never acked");
    let hole = &mut hub.segments.get_mut(&written.id).unwrap().holes[0];
    (hole.from_seq, hole.to_seq) = (3, 3);
    assert_eq!([lacks(&mut till, &mut hub, 10), lacks(&mut till, &mut hub, 11)], [1, 0]);
}

#[test]
fn a_hub_that_lost_everything_is_refilled_by_the_till() {
    use Step::*;
    run(&[Sell, Exchange, RestartTill, Sell, Exchange, RestartTill, Sell, Exchange, LoseHub]);
}

#[test]
fn a_twice_restored_hub_hears_of_its_loss_although_the_next_push_goes_on_elsewhere() {
    use Step::*;
    run(&[
        Sell,
        Sell,
        RestartTill,
        Exchange,
        RestoreHub,
        Sell,
        Exchange,
        Exchange,
        BackUpHub,
        Exchange,
        RestoreHub,
        Sell,
    ]);
}

#[test]
fn two_histories_of_a_twice_restored_hub_are_never_taken_for_one() {
    use Step::*;
    run(&[
        Sell,
        Sell,
        RestartTill,
        Sell,
        Exchange,
        Exchange,
        Sell,
        BackUpHub,
        Exchange,
        Sell,
        LoseRequest,
        RestoreHub,
        LoseHub,
        Exchange,
        LoseRequest,
        Exchange,
        Exchange,
        Exchange,
        RestoreHub,
        Repeat,
        Exchange,
    ]);
}

#[test]
fn an_ack_for_what_the_hub_held_all_along_hides_no_later_loss() {
    use Step::*;
    run(&[
        Sell,
        Sell,
        RestartTill,
        Exchange,
        Sell,
        RestartTill,
        Exchange,
        Exchange,
        Exchange,
        Sell,
        RestoreHub,
        Sell,
        Garbage,
        Exchange,
        RestoreHub,
        Repeat,
        Exchange,
        Exchange,
        BackUpHub,
        Exchange,
        Exchange,
        RestoreHub,
    ]);
}

fn one_sale() -> (Till, MemoryHub, Vec<u8>) {
    let mut till = Till::new();
    till.sell(1);
    let body = till.next_push().unwrap();
    (till, MemoryHub::new(), body)
}

#[test]
fn a_batch_is_resent_as_it_was_cut_although_more_was_sold_since() {
    let (mut till, _, body) = one_sale();
    till.sell(2);
    till.hear(Outcome::Failed);
    assert_eq!(till.next_push().unwrap(), body);
}

#[test]
fn only_an_ack_that_the_hub_signed_for_what_was_sent_moves_the_cursor() {
    let (mut till, mut hub, body) = one_sale();
    let PushReply::Ack { ack, .. } = hub.take(&body).unwrap() else { panic!("an ack") };
    let reply =
        |ack| Outcome::Reply(PushReply::Ack { ack, lost_tail: None, re_enrol: false, lacking: vec![] });
    let mut forged = ack.clone();
    forged.signature.0[5] ^= 1;
    let mut further = ack.clone();
    further.have_seq = 9;
    let what = (segment(1), 1, ack.have_hash);
    let foreign = suanpan_sync::Ack::sign(&station_key(), STATION, (1, 1), what, 4096, 0);
    let other = suanpan_sync::Ack::sign(&hub_key(), STATION, (1, 1), (segment(1), 1, Hash([1; 32])), 4096, 0);
    for bad in [forged, further, foreign, other] {
        till.hear(reply(bad));
        assert_eq!(till.edge.unacked().count(), 1);
        assert_eq!(till.next_push().unwrap(), body, "and the same range is sent again");
    }
    till.hear(reply(ack));
    assert_eq!(till.edge.unacked().count(), 0);
}

#[test]
fn a_have_or_gap_with_a_foreign_hash_does_not_lead_the_till_astray() {
    let (mut till, mut hub, _) = one_sale();
    till.hear(Outcome::Reply(PushReply::Have {
        head: KnownHead { seq: 1, hash: Hash([1; 32]) },
        cut_at: None,
    }));
    till.hear(Outcome::Reply(PushReply::Gap { have: vec![KnownHead { seq: 1, hash: Hash([1; 32]) }] }));
    till.drain(&mut hub);
    till.assert_hub_has_everything(&hub);
}

#[test]
fn a_hole_is_filled_by_a_till_that_has_the_entries_again() {
    let (mut till, mut hub, _) = one_sale();
    (2..=6).for_each(|n| till.sell(n));
    let written = till.written(segment(1)).clone();
    hub.take(&written.push(1, 2).encode()).unwrap();
    let hole = RecordedHole { branch: 0, from_seq: 3, to_seq: 4, to_hash: written.hash_at(4).expect("sold") };
    hub.segments.get_mut(&segment(1)).expect("pushed").holes.push(hole);
    hub.take(&written.push(5, 6).encode()).unwrap();
    till.drain(&mut hub);
    till.assert_hub_has_everything(&hub);
    assert_eq!(hub.segments[&segment(1)].holes, []);
}

#[test]
fn a_refused_segment_does_not_hold_up_the_next() {
    let mut till = Till::new();
    till.sell(1);
    till.start();
    till.sell(2);
    till.next_push().unwrap();
    till.hear(Outcome::Refused { code: "HUB-PSH-001".into() });
    assert_eq!(till.edge.refused(), Some((segment(1), 1)));
    let before = till.now_ms;
    let mut hub = MemoryHub::new();
    till.exchange(&mut hub);
    assert_eq!(till.now_ms, before);
    assert_eq!(hub.hashes(segment(2)).len(), 1);
    till.refusals = 0;
    till.drain(&mut hub);
    till.assert_hub_has_everything(&hub);
}

#[test]
fn a_clock_set_back_by_a_year_does_not_turn_a_pause_into_one_of_a_year() {
    const YEAR_MS: i64 = 365 * 86_400_000;
    for outcome in [
        Outcome::Reply(PushReply::Busy { retry_after_ms: 9_000 }),
        Outcome::Refused { code: "HUB-PSH-001".into() },
    ] {
        let (mut till, mut hub, _) = one_sale();
        till.hear(outcome);
        till.now_ms -= YEAR_MS;
        assert!(matches!(till.edge.next(till.now_ms), Next::Push(_)));
        till.refusals = 0;
        till.drain(&mut hub);
        till.assert_hub_has_everything(&hub);
    }
}

#[test]
fn a_hub_that_answers_gap_for_ever_ends_as_refused_and_not_as_a_loop() {
    let (mut till, _, _) = one_sale();
    for _ in 0..1000 {
        till.hear(Outcome::Reply(PushReply::Gap { have: vec![] }));
        if till.edge.refused().is_some() {
            return;
        }
        assert!(matches!(till.edge.next(till.now_ms), Next::Push(_)));
    }
    panic!("a loop");
}
