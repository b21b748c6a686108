//! One measured value, with its unit.

use std::time::Duration;

use crate::samples::Latencies;

/// One measured value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Figure {
    /// How long a call takes: half of them at most, 99 % of them at most.
    Latency { p50: Duration, p99: Duration },
    /// How long one thing took.
    Time(Duration),
    /// How many a second.
    Rate { per_second: f64, of: &'static str },
    /// A size.
    Bytes(u64),
}

impl Figure {
    pub(crate) fn latency(samples: &Latencies) -> Self {
        Self::Latency { p50: samples.percentile(50), p99: samples.percentile(99) }
    }

    /// The number that is compared: seconds, how many a second, or bytes.
    pub(crate) fn value(&self) -> f64 {
        match self {
            Self::Latency { p50, .. } => p50.as_secs_f64(),
            Self::Time(time) => time.as_secs_f64(),
            Self::Rate { per_second, .. } => *per_second,
            Self::Bytes(bytes) => *bytes as f64,
        }
    }
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Latency { p50, p99 } => {
                write!(f, "{} (p99 {})", duration(*p50), duration(*p99))
            }
            Self::Time(time) => f.write_str(&duration(*time)),
            Self::Rate { per_second, of } => {
                write!(f, "{} {of}/s", quantity(*per_second).trim_end())
            }
            Self::Bytes(bytes) => write!(f, "{}B", quantity(*bytes as f64)),
        }
    }
}

impl serde::Serialize for Figure {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let micros = |time: &Duration| (time.as_secs_f64() * 1e9).round() / 1e3;
        let value = match self {
            Self::Latency { p50, p99 } => {
                serde_json::json!({ "p50_us": micros(p50), "p99_us": micros(p99) })
            }
            Self::Time(time) => serde_json::json!({ "us": micros(time) }),
            Self::Rate { per_second, of } => {
                serde_json::json!({ "per_second": per_second.round(), "of": of })
            }
            Self::Bytes(bytes) => serde_json::json!({ "bytes": bytes }),
        };
        value.serialize(serializer)
    }
}

/// Three digits and the unit that suits.
pub(super) fn duration(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    if micros >= 1e6 {
        format!("{} s", digits(micros / 1e6))
    } else if micros >= 1e3 {
        format!("{} ms", digits(micros / 1e3))
    } else {
        format!("{} \u{b5}s", digits(micros))
    }
}

/// Three digits and the thousands as a letter.
pub(super) fn quantity(number: f64) -> String {
    if number >= 1e9 {
        format!("{} G", digits(number / 1e9))
    } else if number >= 1e6 {
        format!("{} M", digits(number / 1e6))
    } else if number >= 1e3 {
        format!("{} k", digits(number / 1e3))
    } else {
        format!("{} ", digits(number))
    }
}

/// Three digits that count.
pub(super) fn digits(number: f64) -> String {
    let places = if number >= 99.95 {
        0
    } else if number >= 9.995 {
        1
    } else {
        2
    };
    format!("{number:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_and_a_unit() {
        let times = [Duration::from_nanos(1_234), Duration::from_micros(45_678)];
        assert_eq!(times.map(duration), ["1.23 \u{b5}s", "45.7 ms"]);
        assert_eq!([512.0, 1_234.0, 2.5e6].map(quantity), ["512 ", "1.23 k", "2.50 M"]);
    }

    #[test]
    fn rates_and_sizes_name_their_unit() {
        let rate = Figure::Rate { per_second: 412_345.0, of: "events" };
        assert_eq!(rate.to_string(), "412 k events/s");
        assert_eq!(Figure::Bytes(61_000_000).to_string(), "61.0 MB");
    }
}
