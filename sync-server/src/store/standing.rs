//! Stations that deliver no more, or whose deliveries wait for a person.

use suanpan_journal::StationId;

use super::Store;
use super::audit::{Change, record};
use super::error::StoreError;
use super::number;
use super::sql::values;
use super::types::Standing;

/// A station as IT sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedStation {
    /// Its id.
    pub station: StationId,
    /// Where it stands.
    pub site: String,
    /// Its number there.
    pub till: u16,
    /// How it stands.
    pub standing: Standing,
    /// When it last spoke.
    pub last_seen_ms: i64,
    /// Batches that wait for a person.
    pub held: u64,
}

impl Store {
    /// Every station, by site and till.
    ///
    /// *Errors:* the store's.
    pub async fn listed_stations(&self) -> Result<Vec<ListedStation>, StoreError> {
        self.read(|sql| {
            sql.all(
                "select s.station, s.site, s.till, s.standing, s.last_seen_ms,
                   (select count(*) from held h where h.station = s.station)
                 from station s order by s.site, s.till, s.enrolled_at_ms",
                values![],
                |row| {
                    Ok(ListedStation {
                        station: StationId(row.get(0)?),
                        site: row.get(1)?,
                        till: row.get(2)?,
                        standing: Standing::from_name(&row.get::<String>(3)?)?,
                        last_seen_ms: row.get(4)?,
                        held: row.get(5)?,
                    })
                },
            )
        })
        .await
    }

    /// Gives a station another standing, and says whether it can have that: a till's number has one active station. What it
    /// delivered before stays where it is.
    ///
    /// *Errors:* the store's.
    pub async fn set_standing(
        &self,
        station: StationId,
        standing: Standing,
        now_ms: i64,
        by: String,
    ) -> Result<bool, StoreError> {
        self.write(move |sql| {
            let place = "select site, till from station where station = ?";
            let (site, till): (String, u16) =
                sql.only(place, values![station.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
            number::lock(sql, &site)?;
            let was: String =
                sql.only("select standing from station where station = ?", values![station.0], |row| {
                    row.get(0)
                })?;
            let wants_number = standing == Standing::Active;
            if wants_number && !number::active(sql, (&site, till), Some(station))?.is_empty() {
                return Ok(false);
            }
            sql.execute(
                "update station set standing = ? where station = ?",
                values![standing.name(), station.0],
            )?;
            let change = Change::new(&by, "station.standing", format!("station {station}"));
            let said = |standing: &str| serde_json::json!({ "standing": standing });
            record(sql, now_ms, &change.before(Some(&said(&was))).after(&said(standing.name())))?;
            Ok(true)
        })
        .await
    }

    /// Lets what is held of a station into the figures. Gives the number of batches.
    ///
    /// *Errors:* the store's.
    pub async fn accept_held(&self, station: StationId, now_ms: i64, by: String) -> Result<u64, StoreError> {
        let accepted = self
            .write(move |sql| {
                // A push that comes meanwhile waits, and is held or not as a whole.
                sql.lock("select station from station where station = ?", values![station.0])?;
                sql.execute(
                    "insert into pending (station, batch) select station, batch from held where station = ?",
                    values![station.0],
                )?;
                let batches = sql.execute("delete from held where station = ?", values![station.0])?;
                let change = Change::new(&by, "station.accept", format!("station {station}"));
                record(sql, now_ms, &change.after(&serde_json::json!({ "batches": batches })))?;
                Ok(batches)
            })
            .await?;
        self.pending.send_replace(());
        Ok(accepted)
    }
}
