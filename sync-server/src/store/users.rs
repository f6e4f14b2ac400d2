//! People who sign in, their sessions, and wrong passwords.

use suanpan_journal::Hash;

use super::Store;
use super::audit::{Change, record};
use super::error::StoreError;
use super::sql::{Sql, values};
use crate::access::{Role, User};

/// Sessions of a person: a few browsers, and those that were closed without signing out.
const SESSIONS_MAX: u32 = 20;

/// A session ends when its person has done nothing for so long.
const IDLE_MS: i64 = 30 * 60_000;

/// The longest that a session lasts: a working day.
pub const SESSION_LIFE_MS: i64 = 10 * 3_600_000;

/// How often it is written down that a person did something.
const TOUCH_MS: i64 = 60_000;

/// Wrong passwords of an address for a person, after which it is locked for them.
const GUESSES_MAX: u32 = 10;

/// The first lock; each further wrong password doubles it.
const LOCK_MS: i64 = 15 * 60_000;

/// Locks double so often at most: to ten days.
const DOUBLINGS_MAX: u32 = 10;

/// Wrong passwords are forgotten after so long, and a lock so long after its end.
const GUESS_LIFE_MS: i64 = 3_600_000;

/// Somebody who may sign in, or once might.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who, and what they may.
    pub user: User,
    /// Since when they may not any more.
    pub disabled_at_ms: Option<i64>,
}

impl Store {
    /// Adds a user or changes role, scope and password; who was disabled is not any more.
    ///
    /// *Errors:* the store's.
    pub async fn put_user(
        &self,
        user: User,
        password_hash: String,
        now_ms: i64,
        by: String,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let was = person(sql, &user.name)?.map(|person| described(&person));
            sql.execute(
                "insert into \"user\" (name, role, scope, password_hash, created_at_ms) values (?, ?, ?, ?, ?)
                 on conflict (name) do update set role = excluded.role, scope = excluded.scope,
                   password_hash = excluded.password_hash, disabled_at_ms = null",
                values![user.name, stored(&user.roles), user.scope.to_string(), password_hash, now_ms],
            )?;
            end_sessions(sql, &user.name)?;
            let change = Change::new(&by, "user.put", format!("person {}", user.name)).before(was.as_ref());
            record(sql, now_ms, &change.after(&described(&Person { user, disabled_at_ms: None })))
        })
        .await
    }

    /// Lets a person in no more, and ends their sessions; false if there is none of this name.
    ///
    /// *Errors:* the store's.
    pub async fn disable_user(&self, name: String, now_ms: i64, by: String) -> Result<bool, StoreError> {
        self.write(move |sql| {
            let Some(was) = person(sql, &name)? else { return Ok(false) };
            sql.execute(
                "update \"user\" set password_hash = '', disabled_at_ms = coalesce(disabled_at_ms, ?) where name = ?",
                values![now_ms, name],
            )?;
            end_sessions(sql, &name)?;
            let change = Change::new(&by, "user.disable", format!("person {name}")).before(Some(&described(&was)));
            record(sql, now_ms, &change)?;
            Ok(true)
        })
        .await
    }

    /// Everybody, by name.
    ///
    /// *Errors:* the store's.
    pub async fn people(&self) -> Result<Vec<Person>, StoreError> {
        self.read(|sql| people(sql, None)).await
    }

    /// A user and the hash of the password.
    ///
    /// *Errors:* the store's.
    pub async fn user(&self, name: String) -> Result<Option<(User, String)>, StoreError> {
        self.read(move |sql| {
            sql.one("select role, scope, password_hash from \"user\" where name = ?", values![&name], |row| {
                Ok((user(name.clone(), row.get(0)?, row.get(1)?)?, row.get(2)?))
            })
        })
        .await
    }

    /// Opens a session and clears those that are over, and of the person's the oldest when there are too many.
    ///
    /// *Errors:* the store's.
    pub async fn open_session(&self, token: Hash, user: String, now_ms: i64) -> Result<(), StoreError> {
        self.write(move |sql| {
            sql.execute("delete from session where expires_at_ms <= ?", values![now_ms])?;
            sql.execute(
                "delete from session where \"user\" = ?1 and token_sha256 not in (
                   select token_sha256 from session where \"user\" = ?1 order by expires_at_ms desc limit ?2)",
                values![user, SESSIONS_MAX - 1],
            )?;
            sql.execute(
                "insert into session (token_sha256, \"user\", expires_at_ms, used_at_ms) values (?, ?, ?, ?)",
                values![token.0, user, now_ms.saturating_add(SESSION_LIFE_MS), now_ms],
            )?;
            Ok(())
        })
        .await
    }

    /// Whose session it is, unless it is over. `acts`: the person does something, not their page by itself.
    ///
    /// *Errors:* the store's.
    pub async fn session(&self, token: Hash, acts: bool, now_ms: i64) -> Result<Option<User>, StoreError> {
        let found = self
            .read(move |sql| {
                sql.one(
                    "select u.name, u.role, u.scope, s.used_at_ms, s.expires_at_ms
                     from session s join \"user\" u on u.name = s.\"user\"
                     where s.token_sha256 = ? and s.expires_at_ms > ?",
                    values![token.0, now_ms],
                    |row| {
                        let opened_ms = row.get::<i64>(4)?.saturating_sub(SESSION_LIFE_MS);
                        let used_ms = row.get::<i64>(3)?.max(opened_ms);
                        Ok((user(row.get(0)?, row.get(1)?, row.get(2)?)?, used_ms))
                    },
                )
            })
            .await?;
        let Some((user, used_ms)) = found else { return Ok(None) };
        let rested_ms = now_ms.saturating_sub(used_ms);
        if rested_ms >= IDLE_MS {
            return Ok(None);
        }
        if acts && rested_ms >= TOUCH_MS {
            let used = "update session set used_at_ms = ? where token_sha256 = ?";
            self.write(move |sql| sql.execute(used, values![now_ms, token.0]).map(drop)).await?;
        }
        Ok(Some(user))
    }

    /// Ends a session.
    ///
    /// *Errors:* the store's.
    pub async fn close_session(&self, token: Hash) -> Result<(), StoreError> {
        self.write(move |sql| {
            sql.execute("delete from session where token_sha256 = ?", values![token.0])?;
            Ok(())
        })
        .await
    }

    /// Counts a password as wrong before it is looked at, so that many at once are not all tried. `who` is the hash of
    /// address and name: what was typed may be somebody's password.
    ///
    /// *Errors:* the store's. The inner one is the ms until which that address is locked for that name.
    pub async fn guess(&self, who: Hash, now_ms: i64) -> Result<Result<(), i64>, StoreError> {
        self.write(move |sql| {
            sql.execute(
                "delete from guess where last_ms < ?1 and (failures < ?2 or until_ms < ?1)",
                values![now_ms.saturating_sub(GUESS_LIFE_MS), GUESSES_MAX],
            )?;
            sql.lock("select failures from guess where who = ?", values![who.0])?;
            let found =
                sql.one("select failures, until_ms from guess where who = ?", values![who.0], |row| {
                    Ok((row.get::<u32>(0)?, row.get::<i64>(1)?))
                })?;
            let (before, until_ms) = found.unwrap_or((0, 0));
            if until_ms > now_ms {
                return Ok(Err(until_ms));
            }
            let failures = before.saturating_add(1);
            let until_ms = match failures.checked_sub(GUESSES_MAX) {
                Some(more) => now_ms.saturating_add(LOCK_MS << more.min(DOUBLINGS_MAX)),
                None => 0,
            };
            sql.execute(
                "insert into guess (who, failures, last_ms, until_ms) values (?, ?, ?, ?)
                 on conflict (who) do update set failures = excluded.failures, last_ms = excluded.last_ms,
                   until_ms = excluded.until_ms",
                values![who.0, failures, now_ms, until_ms],
            )?;
            Ok(Ok(()))
        })
        .await
    }

    /// The password was right.
    ///
    /// *Errors:* the store's.
    pub async fn forget_guesses(&self, who: Hash) -> Result<(), StoreError> {
        self.write(move |sql| sql.execute("delete from guess where who = ?", values![who.0]).map(drop)).await
    }
}

/// What the old password opened ends with it.
fn end_sessions(sql: &dyn Sql, name: &str) -> Result<(), StoreError> {
    sql.execute("delete from session where \"user\" = ?", values![name]).map(drop)
}

fn person(sql: &dyn Sql, name: &str) -> Result<Option<Person>, StoreError> {
    Ok(people(sql, Some(name))?.pop())
}

fn people(sql: &dyn Sql, name: Option<&str>) -> Result<Vec<Person>, StoreError> {
    sql.all(
        "select name, role, scope, disabled_at_ms from \"user\" where cast(?1 as text) is null or name = ?1
         order by name",
        values![name],
        |row| {
            let user = user(row.get(0)?, row.get(1)?, row.get(2)?)?;
            Ok(Person { user, disabled_at_ms: row.get(3)? })
        },
    )
}

fn described(person: &Person) -> serde_json::Value {
    let roles: Vec<&str> = person.user.roles.iter().map(|role| role.name()).collect();
    serde_json::json!({
        "roles": roles, "scope": person.user.scope.to_string(), "disabled_at_ms": person.disabled_at_ms,
    })
}

/// Operations alone, as the first releases stored it. An older hub of the database lets nobody in whose role it does not know.
const OPERATIONS: &str = "hq";

fn stored(roles: &[Role]) -> String {
    match roles {
        [Role::Operations] => OPERATIONS.to_owned(),
        _ => roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(","),
    }
}

fn user(name: String, roles: String, scope: String) -> Result<User, StoreError> {
    let role = |name| Role::from_name(name).ok_or(StoreError::Damaged("role"));
    let roles = match roles.as_str() {
        OPERATIONS => vec![Role::Operations],
        names => names.split(',').map(role).collect::<Result<_, _>>()?,
    };
    let user = User { name, roles, scope: scope.parse().map_err(|_| StoreError::Damaged("scope"))? };
    // An older hub knows no scopes: whoever it made something else is let in nowhere rather than everywhere.
    if user.is_possible() { Ok(user) } else { Err(StoreError::Damaged("scope")) }
}
