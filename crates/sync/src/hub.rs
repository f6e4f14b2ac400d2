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

    /// The hash at a seq of a branch, which shares the entries before its fork with the branch it left; seq 0
    /// is the opening. `None` inside a hole and past the head.
    ///
    /// *Errors:* the store's.
    fn hash_at(&mut self, branch: u32, seq: u64) -> Result<Option<Hash>, Self::Error>;
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
/// *Invariant:* `Append`, `Fill` and `Branch` never store a seq of a branch twice, and every answer lets an
/// honest station make progress.
///
/// *Errors:* the store's.
pub fn classify<K: Known>(offer: &Offer<'_>, known: &mut K) -> Result<Verdict, K::Error> {
    let heads = known.heads().to_vec();
    if heads.is_empty() {
        let opens = offer.from_seq == 1;
        return Ok(if opens { Verdict::Append { branch: 0 } } else { Verdict::Gap(Vec::new()) });
    }
    let at_head = heads.iter().find(|head| offer.goes_on_after(head.seq, head.hash)).map(|head| head.branch);
    if let (Some(branch), [_]) = (at_head, heads.as_slice()) {
        return Ok(Verdict::Append { branch });
    }
    let mut best = None;
    for head in &heads {
        let found = against(offer, head, known)?;
        best = stronger(best, found);
    }
    Ok(match (best, at_head) {
        // Even where it would go on after a head: what came after a hole may be stored at another branch.
        (Some(Match::Same), _) => Verdict::Same,
        (Some(Match::Shares(head)), _) => Verdict::Have { head, cut_at: None },
        (_, Some(branch)) => Verdict::Append { branch },
        (Some(Match::Fills(branch)), None) => Verdict::Fill { branch },
        (Some(Match::Outgrows(head, hole_end)), None) => Verdict::Have { head, cut_at: Some(hole_end) },
        (Some(Match::Leaves(from)), None) => new_branch(Some(from), offer.before(), heads.len()),
        // Last, because a hole stands at several branches where nobody can say whose it is: what one of them has of what
        // comes after it is not stored again at another.
        (None, None) => match over_hole(offer, &heads, known.holes()) {
            Some(branch) => Verdict::Append { branch },
            None if offer.from_seq == 1 => new_branch(None, 0, heads.len()),
            None => Verdict::Gap(newest_first(&heads)),
        },
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

/// The branch whose hole at the head the offer continues.
fn over_hole(offer: &Offer<'_>, heads: &[BranchHead], holes: &[RecordedHole]) -> Option<u32> {
    let continues = |head: &&BranchHead| {
        let at_head =
            |it: &&RecordedHole| it.branch == head.branch && it.from_seq == head.seq.saturating_add(1);
        holes.iter().filter(at_head).any(|it| offer.goes_on_after(it.to_seq, it.to_hash))
    };
    heads.iter().find(continues).map(|head| head.branch)
}

/// How an offer relates to one branch, from weak to strong.
enum Match {
    Leaves(u32),
    Shares(KnownHead),
    Outgrows(KnownHead, u64),
    Fills(u32),
    Same,
}

impl Match {
    fn rank(&self) -> (u8, u64) {
        match self {
            Match::Leaves(_) => (0, 0),
            Match::Shares(common) | Match::Outgrows(common, _) => (1, common.seq),
            Match::Fills(_) => (2, 0),
            Match::Same => (3, 0),
        }
    }
}

fn stronger(one: Option<Match>, other: Option<Match>) -> Option<Match> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if other.rank() > one.rank() { other } else { one }),
        (one, other) => one.or(other),
    }
}

fn against<K: Known>(offer: &Offer<'_>, head: &BranchHead, known: &mut K) -> Result<Option<Match>, K::Error> {
    if offer.before() > head.seq {
        return Ok(None);
    }
    let before = known.hash_at(head.branch, offer.before())?;
    // The opening of a segment of which only a hole is known is not stored: any is accepted.
    let follows = before == Some(offer.prev_hash) || (before.is_none() && offer.from_seq == 1);
    if !follows {
        return Ok(None);
    }
    let hole = known.holes().iter().find(|it| it.branch == head.branch && it.from_seq == offer.from_seq);
    if let Some(hole) = hole.copied() {
        return Ok(fills(offer, &hole));
    }
    // What lies past a hole inside is looked at once the range begins with the hole.
    let holes = known.holes().iter().filter(|it| it.branch == head.branch && it.from_seq > offer.from_seq);
    let hole = holes.map(|it| it.from_seq).filter(|from| *from <= offer.last_seq()).min();
    let mut common = offer.before();
    let mut differs = offer.last_seq().min(head.seq).saturating_add(1).min(hole.unwrap_or(u64::MAX));
    if known.hash_at(head.branch, differs.saturating_sub(1))? == offer.hash_at(differs.saturating_sub(1)) {
        common = differs.saturating_sub(1);
    }
    // Equal hashes mean equal histories, so the last entry in common is found by halving.
    while differs.saturating_sub(common) > 1 {
        let middle = common.midpoint(differs);
        if known.hash_at(head.branch, middle)? == offer.hash_at(middle) {
            common = middle;
        } else {
            differs = middle;
        }
    }
    Ok(Some(if common == offer.last_seq() {
        Match::Same
    } else if common == offer.before() {
        Match::Leaves(head.branch)
    } else {
        Match::Shares(KnownHead { seq: common, hash: offer.hash_at(common).unwrap_or(Hash::ZERO) })
    }))
}

/// A range that starts with a hole fills it if it ends inside, or ends it with the declared hash; a longer one is cut there.
fn fills(offer: &Offer<'_>, hole: &RecordedHole) -> Option<Match> {
    let last = offer.hash_at(offer.last_seq());
    match offer.last_seq().cmp(&hole.to_seq) {
        std::cmp::Ordering::Less => Some(Match::Fills(hole.branch)),
        std::cmp::Ordering::Equal if last == Some(hole.to_hash) => Some(Match::Fills(hole.branch)),
        std::cmp::Ordering::Greater if offer.hash_at(hole.to_seq) == Some(hole.to_hash) => {
            let before = KnownHead { seq: offer.before(), hash: offer.prev_hash };
            Some(Match::Outgrows(before, hole.to_seq))
        }
        std::cmp::Ordering::Equal | std::cmp::Ordering::Greater => Some(Match::Leaves(hole.branch)),
    }
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
