//! Time is a parameter. This is the one place that reads the machine's clock.

use std::sync::LazyLock;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio::sync::watch;

/// The domain's clock: what the season, the windows and the expiries go by.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's.
    System,
    /// One that stands until it is moved, microseconds UTC: demo and tests. Not reachable by any
    /// option of the program's `serve`.
    Fixed(watch::Receiver<i64>),
}

impl Clock {
    /// A clock that stands at a time, and the hand that moves it.
    pub fn fixed(time_us: i64) -> (Self, watch::Sender<i64>) {
        let (hand, clock) = watch::channel(time_us);
        (Self::Fixed(clock), hand)
    }

    /// Now, microseconds since 1970 UTC.
    pub fn now_us(&self) -> i64 {
        match self {
            Self::System => system_us(),
            Self::Fixed(clock) => *clock.borrow(),
        }
    }

    /// Waits until a standing clock is moved; forever with the machine's.
    pub(crate) async fn moved(&mut self) {
        let moved = match self {
            Self::Fixed(clock) => clock.changed().await.is_ok(),
            Self::System => false,
        };
        if !moved {
            std::future::pending::<()>().await;
        }
    }
}

/// The machine's clock, microseconds since 1970 UTC.
#[expect(clippy::disallowed_methods, reason = "the one place")]
pub(crate) fn system_us() -> i64 {
    Timestamp::now().as_microsecond()
}

static LONDON: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC));

/// The civil date in London at a time. Windows and deadlines are dates there, nowhere else.
pub fn london_date(time_us: i64) -> Date {
    Timestamp::from_microsecond(time_us)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_zoned(LONDON.clone())
        .date()
}

/// When a civil date begins in London, microseconds UTC. One beyond what can be told never comes.
pub(crate) fn london_midnight_us(date: Date) -> i64 {
    let midnight = date.to_zoned(LONDON.clone());
    midnight.map_or(i64::MAX, |at| at.timestamp().as_microsecond())
}

/// How long it is from a time until the date in London changes.
pub(crate) fn until_next_day(time_us: i64) -> Duration {
    let next = london_date(time_us).tomorrow();
    // There is no day after the last one there is.
    let midnight = next.map_or(i64::MAX, london_midnight_us);
    Duration::from_micros(u64::try_from(midnight.saturating_sub(time_us)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::civil::date;

    use super::{london_date, london_midnight_us, until_next_day};

    #[test]
    fn a_day_is_from_its_midnight_to_the_next_ones() {
        for day in [
            date(2026, 3, 28),
            date(2026, 3, 29),
            date(2026, 10, 25),
            date(2026, 12, 31),
        ] {
            let (begins, ends) = (
                london_midnight_us(day),
                london_midnight_us(day.tomorrow().unwrap()),
            );
            assert_eq!(london_date(begins), day);
            assert_eq!(london_date(ends - 1), day);
            assert_eq!(london_date(begins - 1), day.yesterday().unwrap());
        }
        let hours = |day| {
            (london_midnight_us(date(2026, 3, day + 1)) - london_midnight_us(date(2026, 3, day)))
                / 3_600_000_000
        };
        assert_eq!((hours(28), hours(29)), (24, 23), "clocks go forward");
    }

    #[test]
    fn a_day_begins_at_midnight_in_london_not_in_greenwich() {
        // 2026-06-30T23:30Z is half past midnight on 1 July in London.
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        assert_eq!(london_date(at("2026-06-30T23:30:00Z")), date(2026, 7, 1));
        assert_eq!(london_date(at("2026-01-31T23:30:00Z")), date(2026, 1, 31));
    }

    #[test]
    fn a_day_has_twenty_three_or_twenty_five_hours_when_clocks_change() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        for (from, hours) in [
            ("2026-01-31T00:00:00Z", 24),
            ("2026-06-30T23:00:00Z", 24),
            ("2026-03-29T00:00:00Z", 23),
            ("2026-10-24T23:00:00Z", 25),
        ] {
            assert_eq!(
                until_next_day(at(from)),
                Duration::from_hours(hours),
                "{from}"
            );
        }
        let nearly = at("2026-06-30T22:59:59.999999Z");
        assert_eq!(until_next_day(nearly), Duration::from_micros(1));
    }
}
