use suanpan_journal::Hash;

use crate::hub::{BranchHead, Known, RecordedHole};
use crate::limits::BRANCHES_MAX;
use crate::wire::hole::Hole;

/// A branch to open for a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// Its number.
    pub branch: u32,
    /// The branch that it leaves.
    pub from: u32,
    /// The last entry in common.
    pub at_seq: u64,
    /// Its hash.
    pub at_hash: Hash,
}

/// Gives a segment's holes, by branch and seq, as they stand after a station declared one, and the branch to open for it
/// if there is one. The hub calls it in the transaction that records them; of an unknown segment it opens branch 0 at seq 0
/// first.
///
/// A station declares what it cannot read after an entry that it knows to be at the hub, so the hole belongs to the branch
/// whose head, or whose hole, is there: to each such branch, because a hole does not say what comes before it. One that is
/// shorter than what is on record there ends it earlier, because what comes after it was found. Where the hub has entries
/// that do not end as the hole does, another disk wrote them: the hole begins a branch of its own.
///
/// *Invariant:* holes of a branch never overlap, and none lies where the branch has entries before its head.
///
/// *Errors:* the store's.
pub fn declare_hole<K: Known>(
    hole: &Hole,
    known: &mut K,
) -> Result<(Vec<RecordedHole>, Option<Opened>), K::Error> {
    let (heads, holes) = (known.heads().to_vec(), known.holes().to_vec());
    let mut after = holes.clone();
    let on_record =
        |it: &RecordedHole| it.from_seq == hole.from_seq || it.to_seq.saturating_add(1) == hole.from_seq;
    let at_head = |head: &&BranchHead| head.seq.saturating_add(1) == hole.from_seq;
    let mut branches: Vec<u32> = heads.iter().filter(at_head).map(|head| head.branch).collect();
    branches.extend(holes.iter().filter(|it| on_record(it)).map(|it| it.branch));
    branches.sort_unstable();
    branches.dedup();
    // A hole that ends at the same seq in another way is another history's.
    let differs = |it: &RecordedHole| it.to_seq == hole.to_seq && it.to_hash != hole.to_hash;
    let before = branches.len();
    branches.retain(|branch| !holes.iter().any(|it| it.branch == *branch && differs(it)));
    let mut opened = None;
    if branches.is_empty() {
        match leaves(hole, &heads, before > 0, known)? {
            Leaves::Nothing => {}
            Leaves::Longest(branch) => branches.push(branch),
            Leaves::Open(it) => {
                let Hole { from_seq, to_seq, to_hash, .. } = *hole;
                after.push(RecordedHole { branch: it.branch, from_seq, to_seq, to_hash });
                opened = Some(it);
            }
        }
    }
    for branch in branches {
        let head_seq = heads.iter().find(|head| head.branch == branch).map_or(0, |head| head.seq);
        record(hole, branch, head_seq, &mut after);
    }
    after.sort_by_key(|it| (it.branch, it.from_seq));
    Ok((after, opened))
}

/// What becomes of a hole that no head and no hole is before.
enum Leaves {
    /// The hub has the entries.
    Nothing,
    /// It may go on after this head.
    Longest(u32),
    Open(Opened),
}

fn leaves<K: Known>(
    hole: &Hole,
    heads: &[BranchHead],
    differs: bool,
    known: &mut K,
) -> Result<Leaves, K::Error> {
    for head in heads.iter().filter(|head| head.seq >= hole.to_seq) {
        if known.hash_at(head.branch, hole.to_seq)? == Some(hole.to_hash) {
            return Ok(Leaves::Nothing);
        }
    }
    let Some(longest) = heads.iter().max_by_key(|head| head.seq) else { return Ok(Leaves::Nothing) };
    let at_seq = hole.from_seq.saturating_sub(1);
    let at_hash = match (differs || longest.seq >= hole.to_seq) && heads.len() < BRANCHES_MAX {
        true => known.hash_at(longest.branch, at_seq)?,
        false => None,
    };
    Ok(match (at_hash, u32::try_from(heads.len())) {
        (Some(at_hash), Ok(branch)) => Leaves::Open(Opened { branch, from: longest.branch, at_seq, at_hash }),
        _ => Leaves::Longest(longest.branch),
    })
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
        if other.to_seq >= end.0 {
            end = (other.to_seq, other.to_hash);
        }
    }
    after.retain(|it| !touches(it));
    after.push(RecordedHole { branch, from_seq: from, to_seq: end.0, to_hash: end.1 });
}
