//! Proving who somebody is: argon2id for PINs, SHA-256 for cards, and nothing of either kept.

use argon2::{Argon2, PasswordHash, PasswordVerifier};
use sha2::{Digest, Sha256};
use suanpan_domain::catalogue::Staff;

const CARD_DOMAIN: &[u8] = b"suanpan/card/v1";

/// Checks a PIN against the catalogue's PHC string, with that string's own cost.
pub(crate) fn pin_is_right(staff: &Staff, pin: &str) -> bool {
    let Ok(hash) = PasswordHash::new(&staff.pin_hash) else { return false };
    Argon2::default().verify_password(pin.as_bytes(), &hash).is_ok()
}

/// Whose card this is. Every card of the site is compared, each in the same time.
pub(crate) fn owner_of_card<'a>(staff: impl Iterator<Item = &'a Staff>, card: &str) -> Option<&'a Staff> {
    let mut sha = Sha256::new();
    sha.update(CARD_DOMAIN);
    sha.update(card.trim().as_bytes());
    let shown: String = sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut owner = None;
    for person in staff {
        if person.card_sha256.as_ref().is_some_and(|kept| is_same(kept.as_bytes(), shown.as_bytes())) {
            owner = Some(person);
        }
    }
    owner
}

/// Compares without telling by its time how much was right.
fn is_same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |seen, (a, b)| seen | (a ^ b)) == 0
}
