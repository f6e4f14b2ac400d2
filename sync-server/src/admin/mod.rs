//! What IT does: enrolment codes, users, API keys, sign-in; and the import of a catalogue.

mod give;
mod import;
pub(crate) mod local;
mod order;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::Ordering;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use sha2::{Digest, Sha256};
use suanpan_journal::{Certificate, CertificateId, Enrolment, Hash, SiteCode};
use suanpan_sync::{EnrolReply, EnrolRequest, Scope, normal_code};

use crate::access::User;
use crate::app::App;
use crate::clock::now_ms;
use crate::error::HubError;
use crate::identity::random;
use crate::limit::household;
use crate::refusal::Refusal;
use crate::store::{Enrolled, KeyRights, Store};

pub use import::{Imported, Manner, import};
pub use order::{Deed, Done, Order, Refused};

/// A one-time code is good for this long: it is made when the machine stands on the counter.
const CODE_LIFE_MS: i64 = 24 * 3_600_000;

/// Who changed something by a command, as the audit log has it; an order names the user of the machine beside it.
pub(crate) const COMMAND: &str = "command";

/// The same of a user of the machine on which the order was given.
pub(crate) fn command_of(user: Option<u32>) -> String {
    user.map_or_else(|| COMMAND.to_owned(), |user| format!("{COMMAND} uid {user}"))
}

/// Digits of a one-time code without letters that people misread: 32 letters and digits, 50 bits.
const CODE_LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_LEN: usize = 10;

/// Shortest password.
const PASSWORD_LEN_MIN: usize = 10;

/// Longest password that is hashed.
const PASSWORD_LEN_MAX: usize = 256;

/// Longest name of a user or key.
const NAME_LEN_MAX: usize = 64;

/// Makes a one-time code for a till, such as `7KQ2M-X9D4A`. The number is free, or its station is to be replaced.
///
/// *Errors:* `UnknownSite`, `Rejected`, `NumberTaken`, `Random`, `Store`.
pub async fn enrol_code(
    store: &Store,
    (site, till): (&SiteCode, u16),
    replaces: bool,
    by: &str,
) -> Result<String, HubError> {
    check_scope(store, &Scope::Site(site.clone())).await?;
    if till == 0 {
        return Err(HubError::Rejected("tills are numbered from 1"));
    }
    let letters = random::<CODE_LEN>()?.map(|byte| CODE_LETTERS[usize::from(byte) % CODE_LETTERS.len()]);
    let code: String = letters.iter().map(|letter| char::from(*letter)).collect();
    let expires_at_ms = now_ms().saturating_add(CODE_LIFE_MS);
    let times = (now_ms(), expires_at_ms);
    let hash = secret_hash(&normal_code(&code));
    if let Some(why) = store.put_code(hash, (site.clone(), till), replaces, times, by.to_owned()).await? {
        return Err(HubError::NumberTaken(why));
    }
    let (left, right) = code.split_at(CODE_LEN / 2);
    Ok(format!("{left}-{right}"))
}

/// Enrols a station that shows a code and proves its key. The same key may ask again. A right code is taken from whatever
/// address: only wrong ones are slowed down, and written down, without the code.
///
/// *Errors:* `Wire`, `CodeUnknown`, `CodeExpired`, `CodeUsed`, `OtherKey`, `NumberTaken`, `RateLimit`, `Store`.
pub async fn enrol(app: &App, request: &EnrolRequest, from: IpAddr) -> Result<EnrolReply, Refusal> {
    request.check()?;
    match enrol_by_code(app, request, from).await {
        Err(
            refused @ (Refusal::CodeUnknown | Refusal::CodeExpired | Refusal::CodeUsed | Refusal::OtherKey),
        ) => {
            app.metrics.codes_refused.fetch_add(1, Ordering::Relaxed);
            let (code, station) = (refused.code(), request.station);
            if let Some(left_out) = app.told.due(code, household(from)) {
                tracing::warn!(code, address = %from, %station, left_out, "an enrolment was refused");
            }
            app.limits.enrol.take(household(from)).map_err(Refusal::RateLimit)?;
            Err(refused)
        }
        done => done,
    }
}

async fn enrol_by_code(app: &App, request: &EnrolRequest, from: IpAddr) -> Result<EnrolReply, Refusal> {
    let code = secret_hash(&normal_code(&request.code));
    let _place = match app.limits.enrol.is_spent(&household(from)) {
        true => Some(app.strangers.acquire().await.map_err(|_| Refusal::Busy)?),
        false => None,
    };
    // A write is dear: guesses are no more than looked up.
    if !app.store.is_code(code).await? {
        return Err(Refusal::CodeUnknown);
    }
    let id = CertificateId(random()?);
    let (station, public_key, issued_at_ms, hub) =
        (request.station, request.public_key, now_ms(), app.key.clone());
    let issue = move |site, till| {
        Certificate::issue(Enrolment { id, station, site, till, public_key, issued_at_ms }, &hub)
    };
    match app.store.enrol(code, station, public_key, issued_at_ms, issue).await? {
        Enrolled::Certificate(certificate) => {
            Ok(EnrolReply { certificate: *certificate, hub_key: app.key.public() })
        }
        Enrolled::UnknownCode => Err(Refusal::CodeUnknown),
        Enrolled::ExpiredCode => Err(Refusal::CodeExpired),
        Enrolled::UsedCode => Err(Refusal::CodeUsed),
        Enrolled::Taken => Err(Refusal::NumberTaken),
        Enrolled::OtherKey => Err(Refusal::OtherKey),
    }
}

/// Learns of a station from the certificate that this hub's key signed: how a hub that was rebuilt from a backup,
/// or from its key alone, knows its stations again without a hand on any till.
///
/// *Errors:* `Certificate`, `OtherKey`, `Store`.
pub async fn introduce(app: &App, certificate: &Certificate) -> Result<(), Refusal> {
    certificate.verify(&app.key.public()).map_err(|_| Refusal::Certificate)?;
    let known = app.store.introduce(certificate.enrolment.clone(), now_ms()).await?;
    if known { Ok(()) } else { Err(Refusal::OtherKey) }
}

/// Makes an API key and shows it once. A key of the same name stops working.
///
/// *Errors:* `Rejected`, `UnknownSite`, `Random`, `Store`.
pub async fn api_key(store: &Store, name: &str, rights: KeyRights, by: &str) -> Result<String, HubError> {
    check_name(name)?;
    if let Some(why) = rights.is_impossible() {
        return Err(HubError::Rejected(why));
    }
    for site in rights.sites.sites() {
        check_scope(store, &Scope::Site(site.clone())).await?;
    }
    let key = format!("sp_{}", Hash(random()?));
    store.put_api_key(name.to_owned(), secret_hash(&key), rights, now_ms(), by.to_owned()).await?;
    Ok(key)
}

/// Adds a person, or gives a new role, scope and password. Without a password one is made and shown once.
///
/// *Errors:* `Rejected`, `UnknownSite`, `UnknownZone`, `Random`, `Store`.
pub async fn put_user(
    store: &Store,
    user: User,
    password: Option<String>,
    by: &str,
) -> Result<Option<String>, HubError> {
    check_name(&user.name)?;
    if !user.is_possible() {
        let rule =
            "a manager has a store or a zone (--scope site:HT01) and no other role, and nobody else has one";
        return Err(HubError::Rejected(rule));
    }
    check_scope(store, &user.scope).await?;
    let made = match &password {
        Some(_) => None,
        None => Some(Hash(random()?).to_string().split_at(20).0.to_owned()),
    };
    let password = password.or_else(|| made.clone()).unwrap_or_default();
    if !(PASSWORD_LEN_MIN..=PASSWORD_LEN_MAX).contains(&password.len()) {
        return Err(HubError::Rejected("a password has 10 to 256 bytes"));
    }
    let hash = hash_password(&password)?;
    store.put_user(user, hash, now_ms(), by.to_owned()).await?;
    Ok(made)
}

/// Refuses a site or zone that the chain does not have.
async fn check_scope(store: &Store, scope: &Scope) -> Result<(), HubError> {
    let sites = store.sites().await?;
    match scope {
        Scope::Site(site) if sites.iter().all(|it| it.site != *site) => {
            Err(HubError::UnknownSite(site.to_string()))
        }
        Scope::Zone(zone) if sites.iter().all(|it| it.zone.as_ref() != Some(zone)) => {
            let known: BTreeSet<&str> =
                sites.iter().filter_map(|it| it.zone.as_ref()).map(SiteCode::as_str).collect();
            let known = known.into_iter().collect::<Vec<_>>().join(", ");
            let known = if known.is_empty() { "none".to_owned() } else { known };
            Err(HubError::UnknownZone { zone: zone.to_string(), known })
        }
        Scope::Chain | Scope::Site(_) | Scope::Zone(_) => Ok(()),
    }
}

fn check_name(name: &str) -> Result<(), HubError> {
    let fits = !name.trim().is_empty() && name.len() <= NAME_LEN_MAX && !name.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(HubError::Rejected("a name has 1 to 64 bytes and no control characters")) }
}

/// How secrets that the hub made itself are stored: they are long and random, so one round is enough.
pub(crate) fn secret_hash(secret: &str) -> Hash {
    Hash(Sha256::digest(secret.as_bytes()).into())
}

fn argon() -> Argon2<'static> {
    // OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

/// Hashes a password or PIN as argon2id in PHC form.
///
/// *Errors:* `Random`, `Rejected`.
pub fn hash_password(password: &str) -> Result<String, HubError> {
    let rejected = HubError::Rejected("the password cannot be hashed");
    let Ok(salt) = SaltString::encode_b64(&random::<16>()?) else { return Err(rejected) };
    argon().hash_password(password.as_bytes(), &salt).map(|hash| hash.to_string()).map_err(|_| rejected)
}

pub(crate) fn verify_password(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| argon().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Opens a session and gives its token. Ten wrong passwords lock an address for a person, and nobody else for them nor it
/// for anybody else. They are written down; a name that is nobody's may be a password, and is not.
///
/// *Errors:* `Login`, `RateLimit`, `Busy`, `Store`.
pub async fn sign_in(app: &App, from: IpAddr, name: String, password: String) -> Result<String, Refusal> {
    if password.len() > PASSWORD_LEN_MAX || name.len() > NAME_LEN_MAX {
        return Err(Refusal::Login);
    }
    let from_all = household(from);
    let _place = app.sign_ins.take(from_all, 1).ok_or(Refusal::Busy)?;
    let who = secret_hash(&format!("{from_all} {name}"));
    let now = now_ms();
    app.store.guess(who, now).await?.map_err(|until_ms| {
        let seconds = u64::try_from(until_ms.saturating_sub(now)).unwrap_or(0).div_ceil(1_000);
        if let Some(left_out) = app.told.due("HUB-LIM-001", from_all) {
            tracing::warn!(code = "HUB-LIM-001", address = %from, left_out, "a sign-in was refused: too many wrong passwords");
        }
        Refusal::RateLimit(seconds)
    })?;
    let found = app.store.user(name).await?;
    let place = app.passwords.acquire().await.map_err(|_| Refusal::Busy)?;
    // An unknown name costs the same work as a known one, so that nobody learns names by the clock.
    let (user, hash) = match found {
        Some((user, hash)) => (Some(user), hash),
        None => (None, UNKNOWN_USER_HASH.to_owned()),
    };
    let verified = tokio::task::spawn_blocking(move || verify_password(&password, &hash)).await;
    drop(place);
    if !verified.unwrap_or(false) {
        app.metrics.sign_ins_refused.fetch_add(1, Ordering::Relaxed);
        let user = user.as_ref().map(|user| user.name.as_str());
        let whom = format!("{from_all} {}", user.unwrap_or_default());
        if let Some(left_out) = app.told.due("HUB-AUT-008", whom) {
            tracing::warn!(code = "HUB-AUT-008", address = %from, user, left_out, "a sign-in was refused");
        }
        return Err(Refusal::Login);
    }
    let user = user.ok_or(Refusal::Login)?;
    app.store.forget_guesses(who).await?;
    let token = Hash(random()?).to_string();
    app.store.open_session(secret_hash(&token), user.name, now_ms()).await?;
    Ok(token)
}

/// The hash of nothing anybody can type, made with today's parameters.
const UNKNOWN_USER_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
