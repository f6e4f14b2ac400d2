//! Sites, stations and the one-time codes with which they enrol.

use suanpan_domain::calendar;
use suanpan_journal::{Certificate, Enrolment, Hash, SiteCode, StationId, VerifyingKey};

use super::Store;
use super::audit::{Change, record};
use super::number;
use super::sql::{Row, Sql, values};
use super::{Enrolled, Site, Standing, Station, StoreError};

const STATION_COLUMNS: &str = "s.station, s.site, s.till, s.public_key, w.zone, s.standing
   from station s join site w on w.site = s.site";

impl Store {
    /// Adds a site or changes it.
    ///
    /// *Errors:* the store's.
    pub async fn put_site(&self, site: Site) -> Result<(), StoreError> {
        self.write(move |connection| put_site(connection, &site)).await
    }

    /// All sites.
    ///
    /// *Errors:* the store's.
    pub async fn sites(&self) -> Result<Vec<Site>, StoreError> {
        self.read(sites).await
    }

    /// An enrolled station.
    ///
    /// *Errors:* the store's.
    pub async fn station(&self, station: StationId) -> Result<Option<Station>, StoreError> {
        self.read(move |connection| {
            let sql = format!("select {STATION_COLUMNS} where s.station = ?");
            connection.one(&sql, values![station.0], station_row)
        })
        .await
    }

    /// Remembers that a station spoke.
    ///
    /// *Errors:* the store's.
    pub async fn seen(&self, station: StationId, now_ms: i64) -> Result<(), StoreError> {
        self.write_of(station, move |connection| {
            connection.execute(
                "update station set last_seen_ms = ? where station = ?",
                values![now_ms, station.0],
            )?;
            Ok(())
        })
        .await
    }

    /// Stores a one-time code by its hash, for a number that is free or whose station it replaces; gives why not.
    ///
    /// *Errors:* the store's.
    pub async fn put_code(
        &self,
        code: Hash,
        (site, till): (SiteCode, u16),
        replaces: bool,
        (now_ms, expires_at_ms): (i64, i64),
        by: String,
    ) -> Result<Option<String>, StoreError> {
        self.write(move |connection| {
            number::lock(connection, site.as_str())?;
            if let Some(why) = number::taken(connection, (site.as_str(), till), replaces, now_ms)? {
                return Ok(Some(why));
            }
            connection.execute(
                "insert into enrol_code (code_sha256, site, till, expires_at_ms, replaces) values (?, ?, ?, ?, ?)",
                values![code.0, site.as_str(), till, expires_at_ms, replaces],
            )?;
            let change = Change::new(&by, "code.make", format!("till {site}/{till}"));
            let made = serde_json::json!({ "expires_at_ms": expires_at_ms, "replaces": replaces });
            record(connection, now_ms, &change.after(&made))?;
            Ok(None)
        })
        .await
    }

    /// Whether there is, or was, a one-time code.
    ///
    /// *Errors:* the store's.
    pub async fn is_code(&self, code: Hash) -> Result<bool, StoreError> {
        self.read(move |connection| {
            let found = connection.one(
                "select till from enrol_code where code_sha256 = ?",
                values![code.0],
                |row| row.get::<u16>(0),
            )?;
            Ok(found.is_some())
        })
        .await
    }

    /// Uses a code: `issue` makes the certificate for its site and till.
    ///
    /// *Errors:* the store's.
    pub async fn enrol(
        &self,
        code: Hash,
        station: StationId,
        key: VerifyingKey,
        now_ms: i64,
        issue: impl FnOnce(SiteCode, u16) -> Certificate + Send + 'static,
    ) -> Result<Enrolled, StoreError> {
        self.write(move |connection| enrol(connection, code, station, key, now_ms, issue)).await
    }

    /// Adds a station by its certificate, and its site if that is gone too. Says whether it is known by this key
    /// now.
    ///
    /// *Errors:* the store's.
    pub async fn introduce(&self, enrolment: Enrolment, now_ms: i64) -> Result<bool, StoreError> {
        self.write(move |connection| introduce(connection, &enrolment, now_ms)).await
    }
}

pub(super) fn put_site(connection: &dyn Sql, site: &Site) -> Result<(), StoreError> {
    connection.execute(
        "insert into site (site, zone, name, utc_offset_min, day_starts_min) values (?, ?, ?, ?, ?)
         on conflict (site) do update set zone = coalesce(excluded.zone, site.zone), name = excluded.name,
           utc_offset_min = excluded.utc_offset_min, day_starts_min = excluded.day_starts_min",
        values![
            site.site.as_str(),
            site.zone.as_ref().map(SiteCode::as_str),
            site.name,
            site.utc_offset_min,
            site.day_starts_min
        ],
    )?;
    Ok(())
}

fn site_code(text: String) -> Result<SiteCode, StoreError> {
    SiteCode::try_from(text).map_err(|_| StoreError::Damaged("site code"))
}

pub(super) fn sites(connection: &dyn Sql) -> Result<Vec<Site>, StoreError> {
    let columns = "select site, zone, name, utc_offset_min, day_starts_min from site order by site";
    connection.all(columns, values![], |row| {
        Ok(Site {
            site: site_code(row.get(0)?)?,
            zone: row.get::<Option<String>>(1)?.map(site_code).transpose()?,
            name: row.get(2)?,
            utc_offset_min: row.get(3)?,
            day_starts_min: row.get(4)?,
        })
    })
}

fn station_row(row: &Row<'_>) -> Result<Station, StoreError> {
    let key: [u8; 32] = row.get(3)?;
    Ok(Station {
        station: StationId(row.get(0)?),
        site: site_code(row.get(1)?)?,
        till: row.get(2)?,
        public_key: VerifyingKey::from_bytes(&key).map_err(|_| StoreError::Damaged("station key"))?,
        zone: row.get::<Option<String>>(4)?.map(site_code).transpose()?,
        standing: Standing::from_name(&row.get::<String>(5)?)?,
    })
}

fn enrol(
    connection: &dyn Sql,
    code: Hash,
    station: StationId,
    key: VerifyingKey,
    now_ms: i64,
    issue: impl FnOnce(SiteCode, u16) -> Certificate,
) -> Result<Enrolled, StoreError> {
    // One use of a code at a time, whichever hub it came to.
    connection.lock("select site from enrol_code where code_sha256 = ?", values![code.0])?;
    type Found = (String, u16, bool, i64, Option<[u8; 16]>, Option<String>);
    let found: Option<Found> = connection.one(
        "select site, till, replaces, expires_at_ms, station, certificate from enrol_code where code_sha256 = ?",
        values![code.0],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)),
    )?;
    let Some((site, till, replaces, expires_at_ms, used_by, certificate)) = found else {
        return Ok(Enrolled::UnknownCode);
    };
    if let Some(certificate) = certificate {
        let kept: Certificate =
            serde_json::from_str(&certificate).map_err(|_| StoreError::Damaged("certificate"))?;
        // The answer was lost on the way: the same key gets it again.
        let same = used_by == Some(station.0) && kept.enrolment.public_key == key;
        return Ok(if same { Enrolled::Certificate(Box::new(kept)) } else { Enrolled::UsedCode });
    }
    if expires_at_ms <= now_ms {
        return Ok(Enrolled::ExpiredCode);
    }
    let known: Option<[u8; 32]> =
        connection
            .one("select public_key from station where station = ?", values![station.0], |row| row.get(0))?;
    if known.is_some_and(|known| known != key.to_bytes()) {
        return Ok(Enrolled::OtherKey);
    }
    number::lock(connection, &site)?;
    let there = number::active(connection, (&site, till), Some(station))?;
    let stands_there = "select 1 from station where station = ? and site = ? and till = ?";
    let is_back = connection.one(stands_there, values![station.0, site, till], |_| Ok(()))?.is_some();
    let is_taken = !is_back && number::taken(connection, (&site, till), replaces, now_ms)?.is_some();
    if is_taken || !there.is_empty() && !replaces {
        return Ok(Enrolled::Taken);
    }
    number::retire(connection, &there, (now_ms, "code"))?;
    let certificate = issue(site_code(site)?, till);
    use_code(connection, code, &certificate, now_ms)?;
    let enrolment = &certificate.enrolment;
    record(
        connection,
        now_ms,
        &Change::new("code", "station.enrol", station.to_string()).after(&place(enrolment)),
    )?;
    Ok(Enrolled::Certificate(Box::new(certificate)))
}

fn use_code(
    connection: &dyn Sql,
    code: Hash,
    certificate: &Certificate,
    now_ms: i64,
) -> Result<(), StoreError> {
    let enrolment = &certificate.enrolment;
    let text = serde_json::to_string(certificate).map_err(|_| StoreError::Damaged("certificate"))?;
    let standing = "select standing from station where station = ? and standing <> 'active'";
    let was: Option<String> = connection.one(standing, values![enrolment.station.0], |row| row.get(0))?;
    if let Some(was) = was {
        let change = Change::new("code", "station.standing", format!("station {}", enrolment.station));
        let said = |standing: &str| serde_json::json!({ "standing": standing });
        record(connection, now_ms, &change.before(Some(&said(&was))).after(&said("active")))?;
    }
    connection.execute(
        "insert into station (station, site, till, public_key, enrolled_at_ms, last_seen_ms)
         values (?1, ?2, ?3, ?4, ?5, ?5)
         on conflict (station) do update set site = excluded.site, till = excluded.till, re_enrol = 0, standing = 'active',
           enrolled_at_ms = excluded.enrolled_at_ms",
        values![
            enrolment.station.0,
            enrolment.site.as_str(),
            enrolment.till,
            enrolment.public_key.to_bytes(),
            now_ms
        ],
    )?;
    connection.execute(
        "update enrol_code set station = ?, certificate = ? where code_sha256 = ?",
        values![enrolment.station.0, text, code.0],
    )?;
    Ok(())
}

fn introduce(connection: &dyn Sql, enrolment: &Enrolment, now_ms: i64) -> Result<bool, StoreError> {
    let site = enrolment.site.as_str();
    // Its name comes back with the catalogue; until then the code has to do. China's clock is the default.
    connection.execute(
        "insert into site (site, name, utc_offset_min, day_starts_min) values (?1, ?1, 480, 240)
         on conflict do nothing",
        values![site],
    )?;
    let key = enrolment.public_key.to_bytes();
    let added = connection.execute(
        "insert into station (station, site, till, public_key, enrolled_at_ms, last_seen_ms)
         values (?, ?, ?, ?, ?, ?)
         on conflict do nothing",
        values![enrolment.station.0, site, enrolment.till, key, enrolment.issued_at_ms, now_ms],
    )?;
    if added > 0 {
        let change = Change::new("certificate", "station.introduce", enrolment.station.to_string());
        record(connection, now_ms, &change.after(&place(enrolment)))?;
    }
    let stored: [u8; 32] = connection.only(
        "select public_key from station where station = ?",
        values![enrolment.station.0],
        |row| row.get(0),
    )?;
    Ok(stored == key)
}

/// Where a station stands, as the audit log has it.
fn place(enrolment: &Enrolment) -> serde_json::Value {
    serde_json::json!({ "site": enrolment.site.as_str(), "till": enrolment.till })
}

/// Minutes ahead of UTC, and after midnight when a day starts, where a site says nothing.
pub(super) const CHINA: (i32, i32) = (480, 240);

/// How far most sites' clocks are ahead of UTC and when their day starts, in minutes: the first site's, since a chain
/// trades in one country.
pub(super) fn clock(sites: &[Site]) -> (i32, i32) {
    sites.first().map_or(CHINA, |site| (site.utc_offset_min, site.day_starts_min))
}

/// The business date of most sites now.
pub(super) fn current_date(sites: &[Site], now_ms: i64) -> u32 {
    let (offset, starts) = clock(sites);
    let (date, minute) = calendar::local(now_ms, offset);
    let begun = i64::from(minute) >= i64::from(starts);
    if begun { date } else { calendar::previous(date).unwrap_or(date) }
}
