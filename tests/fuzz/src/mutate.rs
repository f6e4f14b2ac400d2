//! Spoils bytes as lines, disks and hands do, and as somebody would who means harm.

/// Longest input that is made; what is longer is refused by every reader before it is looked at.
const INPUT_MAX: usize = 1 << 20;

/// Numbers at which counting goes wrong.
const EXTREMES: [u64; 10] =
    [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff, i64::MAX as u64, u64::MAX];

/// What people and programs write where a number or a text belongs.
const TEXTS: [&str; 20] = [
    "0",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "1e400",
    "0.1",
    "-0",
    "null",
    "\"\"",
    "[",
    "{",
    "\u{feff}",
    "\u{1d}",
    "菠菜",
    "\r\n",
    "\0",
    "\\ud800",
    "=1+1",
    ",",
];

/// Random numbers from a seed; the same seed gives the same ones.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`, or 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or(0)
    }
}

/// Makes a new input of a known one, and of a piece of another.
pub(crate) fn mutate(random: &mut Random, input: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=random.below(4) {
        step(random, &mut bytes, other);
    }
    bytes.truncate(INPUT_MAX);
    bytes
}

fn step(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = random.below(bytes.len());
    let reach = 1 << random.below(8);
    let end = (at + 1 + random.below(reach)).min(bytes.len());
    match random.below(11) {
        0 => bytes.truncate(at),
        1 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
        2 if !bytes.is_empty() => bytes[at] = random.next().to_be_bytes()[0],
        3 => drop(bytes.drain(at.min(end)..end)),
        4 => {
            let part = bytes[at.min(end)..end].to_vec();
            insert(bytes, at, &part.repeat(1 + random.below(64)));
        }
        5 => {
            let from = random.below(other.len());
            let to = (from + 1 + random.below(64)).min(other.len());
            insert(bytes, at, &other[from.min(to)..to]);
        }
        6 => {
            let number = EXTREMES[random.below(EXTREMES.len())].to_be_bytes();
            overwrite(bytes, at, &number[8 - (1 << random.below(4))..]);
        }
        7 => insert(bytes, at, TEXTS[random.below(TEXTS.len())].as_bytes()),
        8 => replace_number(random, bytes, at),
        9 => insert(bytes, at, &[b"[{\"\xff"[random.below(4)]].repeat(1 << random.below(13))),
        _ => overwrite(bytes, at, other.get(at.min(other.len())..end.min(other.len())).unwrap_or_default()),
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, part: &[u8]) {
    drop(bytes.splice(at..at, part.iter().copied()));
}

fn overwrite(bytes: &mut [u8], at: usize, part: &[u8]) {
    bytes[at..].iter_mut().zip(part).for_each(|(byte, new)| *byte = *new);
}

/// Puts another number in the place of the first written one after `at`.
fn replace_number(random: &mut Random, bytes: &mut Vec<u8>, at: usize) {
    let Some(from) = bytes[at..].iter().position(u8::is_ascii_digit).map(|found| at + found) else { return };
    let len = bytes[from..].iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len() - from);
    let text = match random.below(3) {
        0 => random.next().to_string(),
        1 => random.below(100_000).to_string(),
        _ => TEXTS[random.below(8)].to_owned(),
    };
    drop(bytes.splice(from..from + len, text.into_bytes()));
}
