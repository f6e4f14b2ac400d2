//! Business dates: `yyyymmdd` numbers, and the rule that gives a new shift its date.

use chrono::{Datelike, Days, NaiveDate};

const MS_OF_MINUTE: i64 = 60_000;
const MS_OF_DAY: i64 = 86_400_000;
const FIRST: u32 = 10_101;
const LAST: u32 = 99_991_231;

/// Business dates, whatever a till's clock says: a dead battery gives 1970 or 2000, a supervisor may agree to more.
const FIRST_BUSINESS: u32 = 20_000_101;
const LAST_BUSINESS: u32 = 21_991_231;

/// A shift that would be dated this many days after the last known date asks a supervisor first.
///
/// A store shuts for a week at Spring Festival and for a month to be refitted; a clock that jumped to another year
/// would otherwise put every later sale there, because dates never go back.
pub const DAYS_AHEAD_MAX: u32 = 31;

/// True for a `yyyymmdd` that exists, from year 1 to 9999.
pub fn is_date(date: u32) -> bool {
    to_naive(date).is_some()
}

/// True for a date in which a store may have traded: one that exists, from 2000 to 2199.
pub fn is_business_date(date: u32) -> bool {
    (FIRST_BUSINESS..=LAST_BUSINESS).contains(&date) && is_date(date)
}

/// The day after; `None` when `date` does not exist or is the last.
pub fn next(date: u32) -> Option<u32> {
    to_naive(date)?.succ_opt().and_then(from_naive)
}

/// The day before; `None` when `date` does not exist or is the first.
pub fn previous(date: u32) -> Option<u32> {
    to_naive(date)?.pred_opt().and_then(from_naive)
}

/// The date `days` later; `None` when either does not exist.
pub fn plus(date: u32, days: u32) -> Option<u32> {
    to_naive(date)?.checked_add_days(Days::new(days.into())).and_then(from_naive)
}

/// Day of the week, Monday 1 to Sunday 7.
pub fn weekday(date: u32) -> Option<u32> {
    Some(to_naive(date)?.weekday().number_from_monday())
}

/// `2026-11-21`; digits that are no date come back as they are.
pub fn text(date: u32) -> String {
    to_naive(date).map_or_else(|| date.to_string(), |day| day.format("%Y-%m-%d").to_string())
}

/// Reads `2026-11-21` or `20261121`.
pub fn parse(text: &str) -> Option<u32> {
    let digits = match text.as_bytes() {
        [_, _, _, _, b'-', _, _, b'-', _, _] => text.replace('-', ""),
        _ => text.to_owned(),
    };
    if digits.len() != 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|date| is_date(*date))
}

/// The calendar date and the minute of the day at a site.
pub fn local(at_ms: i64, utc_offset_min: i32) -> (u32, u32) {
    let site_ms = at_ms.saturating_add(i64::from(utc_offset_min).saturating_mul(MS_OF_MINUTE));
    let minute = site_ms.rem_euclid(MS_OF_DAY).div_euclid(MS_OF_MINUTE);
    (date_of_day(site_ms.div_euclid(MS_OF_DAY)), u32::try_from(minute).unwrap_or(0))
}

/// The business date a clock stands for: the day begins `day_starts_min` minutes after midnight (04:00).
///
/// *Units:* milliseconds since 1970, minutes. A time before year 1 or after 9999 gives the first or last date.
pub fn business_date(at_ms: i64, utc_offset_min: i32, day_starts_min: i32) -> u32 {
    local(at_ms, utc_offset_min.saturating_sub(day_starts_min)).0
}

/// When the business date of a site begins, in ms since 1970: the inverse of [`business_date`]. `None` if there is no
/// such date.
pub fn begins_ms(date: u32, utc_offset_min: i32, day_starts_min: i32) -> Option<i64> {
    let midnight = to_naive(date)?.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis();
    let ahead_min = i64::from(utc_offset_min).saturating_sub(day_starts_min.into());
    Some(midnight.saturating_sub(ahead_min.saturating_mul(MS_OF_MINUTE)))
}

fn date_of_day(days_since_1970: i64) -> u32 {
    const DAYS_TO_1970_FROM_CE: i64 = 719_163;
    let far = if days_since_1970 < 0 { i32::MIN } else { i32::MAX };
    let day = i32::try_from(days_since_1970.saturating_add(DAYS_TO_1970_FROM_CE)).unwrap_or(far);
    let date = NaiveDate::from_num_days_from_ce_opt(day).and_then(from_naive);
    date.unwrap_or(if days_since_1970 < 0 { FIRST } else { LAST })
}

fn to_naive(date: u32) -> Option<NaiveDate> {
    if !(FIRST..=LAST).contains(&date) {
        return None;
    }
    let year = i32::try_from(date.checked_div(10_000)?).ok()?;
    let month = date.checked_div(100)?.checked_rem(100)?;
    NaiveDate::from_ymd_opt(year, month, date.checked_rem(100)?)
}

fn from_naive(day: NaiveDate) -> Option<u32> {
    let year = u32::try_from(day.year()).ok().filter(|year| (1..=9999).contains(year))?;
    year.checked_mul(10_000)?.checked_add(day.month().checked_mul(100)?)?.checked_add(day.day())
}

/// Which business date a shift may be opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dating {
    /// This date, without asking.
    Date(u32),
    /// This date, once a supervisor has agreed to it.
    NeedsSupervisor {
        /// The date that is proposed.
        date: u32,
        /// What the supervisor is asked.
        why: DatingDoubt,
    },
}

/// Why a supervisor is asked about a business date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatingDoubt {
    /// The date was closed (日结) already: it would be reopened and restated.
    DayClosed,
    /// The clock is behind the last closed date: the day after that one is proposed.
    ClockBehind,
    /// The clock is more than [`DAYS_AHEAD_MAX`] days ahead of the last known date.
    ClockFarAhead,
}

/// The open shift that a supervisor closes before a shift of today is opened; it keeps its own date.
///
/// A clock that went back makes no shift old: selling goes on in it.
pub fn older_shift(clock_date: u32, open_shift_date: Option<u32>) -> Option<u32> {
    open_shift_date.filter(|date| *date < clock_date)
}

/// Decides the date of a shift that is being opened while no older one is open.
///
/// `clock_date` is [`business_date`] of now. `latest_date` is the latest date any entry of the ledger has; a till
/// without entries passes the date of its enrolment, so that a first start at 2009 is noticed. `latest_closed` is the
/// latest date with a 日结. Order in the journal is by seq whatever the clock says, and a date never goes back: a
/// clock that is behind joins the latest date while that is open.
pub fn decide_date(clock_date: u32, latest_date: Option<u32>, latest_closed: Option<u32>) -> Dating {
    let Some(latest) = latest_date.max(latest_closed) else { return Dating::Date(clock_date) };
    let is_closed = latest_closed == Some(latest);
    let ask = |date, why| Dating::NeedsSupervisor { date, why };
    match clock_date.cmp(&latest) {
        std::cmp::Ordering::Greater if plus(latest, DAYS_AHEAD_MAX).is_some_and(|far| clock_date > far) => {
            ask(clock_date, DatingDoubt::ClockFarAhead)
        }
        std::cmp::Ordering::Greater => Dating::Date(clock_date),
        _ if !is_closed => Dating::Date(latest),
        std::cmp::Ordering::Equal => ask(latest, DatingDoubt::DayClosed),
        std::cmp::Ordering::Less => ask(next(latest).unwrap_or(latest), DatingDoubt::ClockBehind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHINA: i32 = 480;
    const FOUR: i32 = 240;

    /// Milliseconds of a UTC date and minute.
    fn at(date: u32, minute: i64) -> i64 {
        to_naive(date).unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp_millis() + minute * 60_000
    }

    #[test]
    fn dates_know_their_neighbours() {
        for (date, before, after, weekday_of) in [
            (20261121, 20261120, 20261122, 6),
            (20240229, 20240228, 20240301, 4),
            (20261231, 20261230, 20270101, 4),
            (20260301, 20260228, 20260302, 7),
        ] {
            assert_eq!(previous(date), Some(before));
            assert_eq!(next(date), Some(after));
            assert_eq!(weekday(date), Some(weekday_of), "{date}");
            assert_eq!(parse(&text(date)), Some(date));
            assert_eq!(parse(&date.to_string()), Some(date));
        }
        assert_eq!(text(20260102), "2026-01-02");
        assert_eq!(plus(20261121, 31), Some(20261222));
        assert_eq!((next(99991231), previous(10101)), (None, None));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in [0, 20260229, 20261301, 20260100, 20260132, 100, 999_999_999, u32::MAX] {
            assert!(!is_date(bad), "{bad}");
        }
        for bad in ["", "2026-1-2", "2026-13-01", "20261301", "2026/01/02", "+2026012", "２０２６０１０２"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_business_day_begins_at_four_site_time() {
        for (utc_date, utc_minute, want) in [
            (20261120, 20 * 60, 20261121),     // 04:00 on the 21st in China
            (20261120, 20 * 60 - 1, 20261120), // 03:59
            (20261121, 0, 20261121),           // 08:00
            (20261121, 16 * 60, 20261121),     // midnight after the 21st
            (20261121, 19 * 60 + 59, 20261121),
            (20090101, 0, 20090101),
        ] {
            assert_eq!(business_date(at(utc_date, utc_minute), CHINA, FOUR), want, "{utc_date} {utc_minute}");
            let begins = begins_ms(want, CHINA, FOUR).unwrap();
            assert_eq!(business_date(begins, CHINA, FOUR), want);
            assert_eq!(next(business_date(begins - 1, CHINA, FOUR)), Some(want));
        }
        assert_eq!(local(at(20261120, 16 * 60 + 5), CHINA), (20261121, 5));
        assert_eq!(business_date(at(20261121, 3 * 60), -180, 0), 20261121, "west of Greenwich");
        assert_eq!((business_date(i64::MIN, 0, 0), business_date(i64::MAX, 0, 0)), (FIRST, LAST));
    }

    #[test]
    fn only_a_shift_of_an_earlier_date_is_old() {
        assert_eq!(older_shift(20261121, Some(20261120)), Some(20261120));
        for (clock, open) in [(20261121, Some(20261121)), (20090101, Some(20261121)), (20261121, None)] {
            assert_eq!(older_shift(clock, open), None);
        }
    }

    #[test]
    fn a_new_shift_gets_the_clocks_date_unless_that_would_go_back() {
        use DatingDoubt::{ClockBehind, ClockFarAhead, DayClosed};
        let ask = |date, why| Dating::NeedsSupervisor { date, why };
        for (clock, latest, closed, want, case) in [
            (20261121, None, None, Dating::Date(20261121), "a new till"),
            (20261121, Some(20261120), Some(20261120), Dating::Date(20261121), "the next morning"),
            (20261121, Some(20261120), None, Dating::Date(20261121), "yesterday has no 日结 yet"),
            (20261121, Some(20261121), Some(20261120), Dating::Date(20261121), "the second shift of a day"),
            (20261121, Some(20261121), Some(20261121), ask(20261121, DayClosed), "after 日结"),
            (20261120, Some(20261121), Some(20261120), Dating::Date(20261121), "an hour back over 04:00"),
            (
                20261120,
                Some(20261121),
                Some(20261121),
                ask(20261122, ClockBehind),
                "back, and that day closed",
            ),
            (20090101, Some(20261121), None, Dating::Date(20261121), "2009 within an open day"),
            (20090101, Some(20261121), Some(20261121), ask(20261122, ClockBehind), "2009 after 日结"),
            (20090101, Some(20261121), Some(20261231), ask(20270101, ClockBehind), "closed in another year"),
            (20261222, Some(20261121), None, Dating::Date(20261222), "a month shut"),
            (20261223, Some(20261121), None, ask(20261223, ClockFarAhead), "more than a month ahead"),
            (20990101, None, Some(20261121), ask(20990101, ClockFarAhead), "another century"),
        ] {
            assert_eq!(decide_date(clock, latest, closed), want, "{case}");
        }
    }
}
