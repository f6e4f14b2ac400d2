//! By which signing key a database's stations know their hub. Kept in `meta`, which older hubs leave alone.

use suanpan_journal::{Certificate, VerifyingKey};

use super::sql::values;
use super::{Store, StoreError};

/// What a database tells of its hub's signing key.
#[derive(Debug)]
pub struct Signer {
    has_stations: bool,
    key: Option<VerifyingKey>,
    /// One that an older hub signed, which wrote no key down.
    certificate: Option<Certificate>,
}

impl Signer {
    /// Whether there are stations, which know one key and no other.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.has_stations
    }

    /// The key that was written down last.
    #[must_use]
    pub fn key(&self) -> Option<VerifyingKey> {
        self.key
    }

    /// Whether stations know another key than this.
    #[must_use]
    pub fn is_other(&self, key: VerifyingKey) -> bool {
        let is_other = match (&self.key, &self.certificate) {
            (Some(known), _) => *known != key,
            (None, Some(certificate)) => certificate.verify(&key).is_err(),
            (None, None) => false,
        };
        self.has_stations && is_other
    }
}

impl Store {
    /// What this database tells of its hub's key.
    ///
    /// *Errors:* the store's.
    pub async fn signer(&self) -> Result<Signer, StoreError> {
        self.read(|sql| {
            let text = |query| sql.one(query, values![], |row| row.get::<String>(0));
            let stations: u64 = sql.only("select count(*) from station", values![], |row| row.get(0))?;
            let key = text("select value from meta where key = 'hub_key'")?;
            let certificate = text(
                "select certificate from enrol_code where certificate is not null
                 order by expires_at_ms desc limit 1",
            )?;
            let damaged = |_| StoreError::Damaged("certificate");
            Ok(Signer {
                has_stations: stations > 0,
                key: key.map(|key| key.parse()).transpose().map_err(|_| StoreError::Damaged("hub key"))?,
                certificate: certificate.map(|it| serde_json::from_str(&it)).transpose().map_err(damaged)?,
            })
        })
        .await
    }

    /// Writes down by which key stations know this hub from now on.
    ///
    /// *Errors:* the store's.
    pub async fn put_signer(&self, key: VerifyingKey) -> Result<(), StoreError> {
        self.write(move |sql| {
            sql.execute(
                "insert into meta (key, value) values ('hub_key', ?)
                 on conflict (key) do update set value = excluded.value",
                values![key.to_string()],
            )
            .map(drop)
        })
        .await
    }
}
