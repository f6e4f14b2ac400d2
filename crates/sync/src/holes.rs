use crate::hub::{BranchHead, RecordedHole};
use crate::wire::hole::Hole;

/// Gives a segment's holes, by branch and seq, as they stand after a station declared one. The hub calls it in the
/// transaction that records them; of an unknown segment it opens branch 0 at seq 0 first.
///
/// A station declares what it cannot read after an entry that it knows to be at the hub, so the hole belongs to the branch
/// whose head, or whose hole, is there: to each such branch, because a hole does not say what comes before it. One that is
/// shorter than what is on record there ends it earlier, because what comes after it was found.
///
/// *Invariant:* holes of a branch never overlap, and none lies where the branch has entries before its head.
#[must_use]
pub fn declare_hole(hole: &Hole, heads: &[BranchHead], holes: &[RecordedHole]) -> Vec<RecordedHole> {
    let mut after = holes.to_vec();
    let on_record =
        |it: &RecordedHole| it.from_seq == hole.from_seq || it.to_seq.saturating_add(1) == hole.from_seq;
    let at_head = |head: &&BranchHead| head.seq.saturating_add(1) == hole.from_seq;
    let mut branches: Vec<u32> = heads.iter().filter(at_head).map(|head| head.branch).collect();
    branches.extend(holes.iter().filter(|it| on_record(it)).map(|it| it.branch));
    branches.sort_unstable();
    branches.dedup();
    if branches.is_empty() {
        // Nobody's head is there: what the hub has anyway is no hole.
        branches.extend(heads.iter().max_by_key(|head| head.seq).map(|head| head.branch));
    }
    for branch in branches {
        let head_seq = heads.iter().find(|head| head.branch == branch).map_or(0, |head| head.seq);
        record(hole, branch, head_seq, &mut after);
    }
    after.sort_by_key(|it| (it.branch, it.from_seq));
    after
}

fn record(hole: &Hole, branch: u32, head_seq: u64, after: &mut Vec<RecordedHole>) {
    let (to_seq, to_hash) = (hole.to_seq, hole.to_hash);
    let inside =
        |it: &RecordedHole| it.branch == branch && it.from_seq == hole.from_seq && to_seq < it.to_seq;
    if let Some(longer) = after.iter_mut().find(|it| inside(it)) {
        longer.from_seq = to_seq.saturating_add(1);
        after.push(RecordedHole { branch, from_seq: hole.from_seq, to_seq, to_hash });
        return;
    }
    let from_seq = hole.from_seq.max(head_seq.saturating_add(1));
    let mut from = from_seq;
    if from > to_seq {
        return;
    }
    // A hole that reaches into another, or continues it, is one with it, so that the next sale finds a single hole before it.
    let touches = |it: &RecordedHole| {
        it.branch == branch && it.from_seq <= to_seq && it.to_seq.saturating_add(1) >= from_seq
    };
    let mut end = (to_seq, to_hash);
    for other in after.iter().filter(|it| touches(it)) {
        from = from.min(other.from_seq);
        if other.to_seq > end.0 {
            end = (other.to_seq, other.to_hash);
        }
    }
    after.retain(|it| !touches(it));
    after.push(RecordedHole { branch, from_seq: from, to_seq: end.0, to_hash: end.1 });
}
