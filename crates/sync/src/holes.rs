use std::cmp::Reverse;

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
/// A hole on record that it ends inside of ends there, and another begins: what comes between was found. Otherwise it stands
/// after the end of a branch: of the one that ends where it begins, or else of the longest that ends inside of it. Where
/// all that know the entry before it go on past it in another way it begins a branch of its own.
///
/// *Invariant:* the entries of a branch after its fork are each stored or in one hole, so holes never overlap, and none lies
/// where the branch has entries. Afterwards the hole's last entry is stored or the end of a hole, unless a till has as many
/// branches as it can.
///
/// *Errors:* the store's.
pub fn declare_hole<K: Known>(
    hole: &Hole,
    known: &mut K,
) -> Result<(Vec<RecordedHole>, Option<Opened>), K::Error> {
    let (mut heads, mut holes) = (known.heads().to_vec(), known.holes().to_vec());
    let Hole { from_seq, to_seq, to_hash, .. } = *hole;
    for head in &heads {
        if known.hash_at(head.branch, to_seq)? == Some(to_hash) {
            return Ok((holes, None));
        }
    }
    if let Some(longer) = holes.iter_mut().find(|it| it.from_seq <= to_seq && to_seq < it.to_seq) {
        let found = RecordedHole { to_seq, to_hash, ..*longer };
        longer.from_seq = to_seq.saturating_add(1);
        holes.push(found);
        holes.sort_by_key(|it| (it.branch, it.from_seq));
        return Ok((holes, None));
    }
    let end = |head: &BranchHead| {
        let own = holes.iter().filter(|it| it.branch == head.branch).map(|it| it.to_seq);
        own.fold(head.seq, u64::max)
    };
    // The longest first; of equal ones the first.
    heads.sort_by_key(|head| Reverse(end(head)));
    let before = from_seq.saturating_sub(1);
    let ends_at = heads.iter().find(|head| end(head) == before);
    let ends_inside = heads.iter().find(|head| (from_seq..to_seq).contains(&end(head)));
    let mut opened = None;
    let place = match ends_at.or(ends_inside) {
        Some(head) => Some((head.branch, end(head))),
        None => {
            opened = opened_after(before, &heads, known)?;
            let shorter = heads.first().filter(|head| end(head) < before);
            opened.map(|it| (it.branch, it.at_seq)).or(shorter.map(|head| (head.branch, end(head))))
        }
    };
    if let Some((branch, after)) = place {
        holes.push(RecordedHole { branch, from_seq: after.saturating_add(1), to_seq, to_hash });
    }
    holes.sort_by_key(|it| (it.branch, it.from_seq));
    Ok((holes, opened))
}

/// The branch to open after an entry, of the first that has it.
fn opened_after<K: Known>(
    at_seq: u64,
    heads: &[BranchHead],
    known: &mut K,
) -> Result<Option<Opened>, K::Error> {
    let next = u32::try_from(heads.len()).ok().filter(|_| heads.len() < BRANCHES_MAX);
    let Some(branch) = next else { return Ok(None) };
    for head in heads {
        // Every history has its beginning in common, known or not.
        let beginning = (at_seq == 0).then_some(Hash::ZERO);
        if let Some(at_hash) = known.hash_at(head.branch, at_seq)?.or(beginning) {
            return Ok(Some(Opened { branch, from: head.branch, at_seq, at_hash }));
        }
    }
    Ok(None)
}
