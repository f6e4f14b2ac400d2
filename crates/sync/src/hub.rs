use suanpan_journal::Hash;

use crate::limits::BRANCHES_MAX;
use crate::wire::ack::KnownHead;
use crate::wire::push::CheckedPush;

/// The newest entry of one branch of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BranchHead {
    /// The branch, numbered from 0 in order of appearance.
    pub branch: u32,
    /// Seq of the newest entry; 0 if only a hole is known.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
}

/// The part of a declared hole that is still missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedHole {
    /// The branch it is in.
    pub branch: u32,
    /// First missing entry.
    pub from_seq: u64,
    /// Last missing entry.
    pub to_seq: u64,
    /// Hash of the last missing entry, as the station declared it.
    pub to_hash: Hash,
}

/// What the hub has stored of one segment. The store implements it inside the transaction that decides.
pub trait Known {
    /// The store's error.
    type Error;

    /// All branches' heads; none if the segment is unknown.
    fn heads(&self) -> &[BranchHead];

    /// All holes.
    fn holes(&self) -> &[RecordedHole];

    /// The hash of a stored entry by its seq in a branch, which shares the entries before its fork with the branch it left;
    /// seq 0 is the opening. `None` inside a hole and past the head.
    ///
    /// *Errors:* the store's.
    fn stored_at(&mut self, branch: u32, seq: u64) -> Result<Option<Hash>, Self::Error>;

    /// The branch that a branch shares a seq with: itself after its fork.
    ///
    /// *Errors:* the store's.
    fn owner(&mut self, branch: u32, seq: u64) -> Result<u32, Self::Error>;

    /// The hash at a seq of a branch, stored or declared as the end of a hole.
    ///
    /// *Errors:* the store's.
    fn hash_at(&mut self, branch: u32, seq: u64) -> Result<Option<Hash>, Self::Error> {
        if let Some(stored) = self.stored_at(branch, seq)? {
            return Ok(Some(stored));
        }
        let owner = self.owner(branch, seq)?;
        let ends = |it: &&RecordedHole| (it.branch, it.to_seq) == (owner, seq);
        Ok(self.holes().iter().find(ends).map(|it| it.to_hash))
    }
}

/// A range that a station offers.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// First seq.
    pub from_seq: u64,
    /// Hash before it.
    pub prev_hash: Hash,
    /// Hash of each entry; never empty.
    pub hashes: &'a [Hash],
}

impl<'a> From<&'a CheckedPush> for Offer<'a> {
    fn from(push: &'a CheckedPush) -> Offer<'a> {
        Offer { from_seq: push.from_seq, prev_hash: push.prev_hash, hashes: &push.hashes }
    }
}

impl Offer<'_> {
    fn before(&self) -> u64 {
        self.from_seq.saturating_sub(1)
    }

    fn last_seq(&self) -> u64 {
        self.before().saturating_add(self.hashes.len() as u64)
    }

    fn goes_on_after(&self, seq: u64, hash: Hash) -> bool {
        seq == self.before() && hash == self.prev_hash
    }

    /// The offered hash at a seq of the range, or just before it.
    fn hash_at(&self, seq: u64) -> Option<Hash> {
        match seq.checked_sub(self.from_seq) {
            Some(index) => self.hashes.get(usize::try_from(index).ok()?).copied(),
            None if seq == self.before() => Some(self.prev_hash),
            None => None,
        }
    }
}

/// What the hub does with a checked push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Store it at the end of this branch, or as the segment's first range.
    Append {
        /// The branch.
        branch: u32,
    },
    /// Store it inside this branch's hole, which begins with it.
    Fill {
        /// The branch.
        branch: u32,
    },
    /// All of it is stored: the same ack.
    Same,
    /// Its start is stored, or it begins with a hole and ends after it: answer with the last entry in common, and the
    /// station cuts again, so that stored ranges never overlap.
    Have {
        /// The last entry in common.
        head: KnownHead,
        /// The hole's last entry, where the next range has to end.
        cut_at: Option<u64>,
    },
    /// It leaves a branch at an older entry: store it as a new branch.
    Branch {
        /// The new branch's number.
        branch: u32,
        /// The branch it leaves; `None` if even the opening differs.
        from: Option<u32>,
        /// The last entry in common.
        at_seq: u64,
    },
    /// What comes before it is unknown: answer with the heads.
    Gap(Vec<KnownHead>),
    /// One more branch than a till can have: refuse, and show it to IT.
    TooManyBranches,
}

/// Decides about one checked push from what is stored of its segment.
///
/// An entry is stored once, at whichever branch, and a range is stored whole where nothing of it is: so it is acked when all
/// of it is there, and cut again where it meets what is there or a hole on record ends. Which branch a hole belongs to is a
/// guess where a station's disks parted; nothing that is acked or stored rests on it.
///
/// *Invariant:* `Append`, `Fill` and `Branch` store no entry twice, `Same` speaks of stored entries alone, and every answer
/// lets an honest station make progress.
///
/// *Errors:* the store's.
pub fn classify<K: Known>(offer: &Offer<'_>, known: &mut K) -> Result<Verdict, K::Error> {
    let (heads, holes) = (known.heads().to_vec(), known.holes().to_vec());
    match heads.as_slice() {
        [] if offer.from_seq == 1 => return Ok(Verdict::Append { branch: 0 }),
        [] => return Ok(Verdict::Gap(Vec::new())),
        [head] if holes.is_empty() && offer.goes_on_after(head.seq, head.hash) => {
            return Ok(Verdict::Append { branch: head.branch });
        }
        _ => {}
    }
    let stored = stored(offer, known)?;
    let count = |is: bool| stored.iter().take_while(|it| **it == is).count() as u64;
    let (known_first, new_first) = (count(true), count(false));
    if known_first == stored.len() as u64 {
        return Ok(Verdict::Same);
    }
    let have = offer.before().saturating_add(known_first);
    let head = KnownHead { seq: have, hash: offer.hash_at(have).unwrap_or(Hash::ZERO) };
    if known_first > 0 {
        return Ok(Verdict::Have { head, cut_at: None });
    }
    let ends = holes.iter().filter(|it| it.to_seq > have && offer.hash_at(it.to_seq) == Some(it.to_hash));
    let end = ends.map(|it| it.to_seq).fold(have.saturating_add(new_first), u64::min);
    if end < offer.last_seq() {
        return Ok(Verdict::Have { head, cut_at: Some(end) });
    }
    place(offer, (&heads, &holes), known)
}

/// Says of each entry of an offer whether it is stored at some branch.
fn stored<K: Known>(offer: &Offer<'_>, known: &mut K) -> Result<Vec<bool>, K::Error> {
    let mut stored = vec![false; offer.hashes.len()];
    let mut cuts: Vec<u64> =
        known.holes().iter().flat_map(|it| [it.from_seq, it.to_seq.saturating_add(1)]).collect();
    cuts.sort_unstable();
    for head in known.heads().to_vec() {
        let mut first = offer.from_seq;
        let end = offer.last_seq().min(head.seq).saturating_add(1);
        for cut in cuts.iter().copied().filter(|cut| *cut < end).chain([end]) {
            // Where nothing is missing equal hashes mean equal histories: the last entry in common is found by halving.
            let (mut common, mut differs) = (first.saturating_sub(1), cut);
            let mut looked_at = cut.saturating_sub(1);
            while differs.saturating_sub(common) > 1 {
                let is_equal = known.stored_at(head.branch, looked_at)? == offer.hash_at(looked_at);
                *(if is_equal { &mut common } else { &mut differs }) = looked_at;
                looked_at = common.midpoint(differs);
            }
            let index = |seq: u64| usize::try_from(seq.saturating_sub(offer.from_seq)).unwrap_or(usize::MAX);
            if common >= first
                && let Some(equal) = stored.get_mut(index(first)..=index(common))
            {
                equal.fill(true);
            }
            first = first.max(cut);
        }
    }
    Ok(stored)
}

/// Finds the place of an offer of which nothing is stored, and in which no hole ends but with its last entry.
fn place<K: Known>(
    offer: &Offer<'_>,
    (heads, holes): (&[BranchHead], &[RecordedHole]),
    known: &mut K,
) -> Result<Verdict, K::Error> {
    let of = |branch: u32| holes.iter().filter(move |it| it.branch == branch);
    // A hole that the offer reaches the end of in another way is of another history.
    let fits = |branch: u32| {
        let passes = |it: &RecordedHole| it.to_seq >= offer.from_seq && it.to_seq <= offer.last_seq();
        of(branch).all(|it| !passes(it) || offer.hash_at(it.to_seq) == Some(it.to_hash))
    };
    let (mut fills, mut leaves) = (None, None);
    for BranchHead { branch, seq, .. } in heads.iter().copied() {
        let before = known.hash_at(branch, offer.before())?;
        // The opening of a segment of which only a hole is known is not stored: any is accepted.
        if before != Some(offer.prev_hash) && (before.is_some() || offer.from_seq > 1) {
            continue;
        }
        if fits(branch) && offer.before() >= seq {
            return Ok(Verdict::Append { branch });
        }
        if fits(branch) && of(branch).any(|it| it.from_seq == offer.from_seq) {
            fills = Some(branch);
        }
        leaves = leaves.or(Some(branch));
    }
    Ok(match (fills, leaves) {
        (Some(branch), _) => Verdict::Fill { branch },
        (None, Some(from)) => new_branch(Some(from), offer.before(), heads.len()),
        (None, None) if offer.from_seq == 1 => new_branch(None, 0, heads.len()),
        (None, None) => Verdict::Gap(newest_first(heads)),
    })
}

fn new_branch(from: Option<u32>, at_seq: u64, branches: usize) -> Verdict {
    match u32::try_from(branches) {
        Ok(branch) if branches < BRANCHES_MAX => Verdict::Branch { branch, from, at_seq },
        _ => Verdict::TooManyBranches,
    }
}

fn newest_first(heads: &[BranchHead]) -> Vec<KnownHead> {
    let mut have: Vec<_> = heads.iter().map(|head| KnownHead { seq: head.seq, hash: head.hash }).collect();
    have.retain(|head| head.seq > 0);
    have.sort_by_key(|head| std::cmp::Reverse(head.seq));
    have
}

/// Two histories of one station that part at an entry: a newer segment, or a branch, hangs there, and the old
/// side has entries after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fork {
    /// The last entry in common.
    pub at_seq: u64,
    /// The old side's head when the fork was seen.
    pub old_head_seq: u64,
    /// Whether anything was added to the old side since.
    pub old_side_grew: bool,
}

/// What a fork means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForkKind {
    /// The station's file is an older copy: it fetches the old side back.
    LostTail {
        /// First entry that it lacks.
        from_seq: u64,
        /// Last entry that it lacks.
        to_seq: u64,
    },
    /// Two disks write as one station: both sides are kept and the station is to be enrolled anew.
    Clone,
}

impl Fork {
    /// Tells a lost tail from a clone.
    #[must_use]
    pub fn kind(&self) -> ForkKind {
        if self.old_side_grew {
            return ForkKind::Clone;
        }
        ForkKind::LostTail { from_seq: self.at_seq.saturating_add(1), to_seq: self.old_head_seq }
    }
}

/// Gives the epoch to move to when something that the hub signed is shown to it and is not there, or `None`
/// if nothing is new.
///
/// `shown` is the epoch it was signed in (check the signature first), `held` whether the hub still has it: an ack's
/// entry counts as held under the same arrival number only, because one that came again after a restore says nothing
/// of those that came before it the first time. What was signed in an earlier epoch was counted when that epoch ended.
///
/// A new epoch is named by the time, never by counting on alone: a hub that is restored twice would count to the same
/// number twice, and a station could not tell the two histories apart.
#[must_use]
pub fn epoch_after(own: u64, shown: u64, held: bool, now_ms: i64) -> Option<u64> {
    if shown > own || (shown == own && !held) {
        return Some(shown.saturating_add(1).max(u64::try_from(now_ms).unwrap_or(0)));
    }
    None
}
