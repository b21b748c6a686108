//! Durations in attributes: `"30s"`, `"15m"`, `"1h"`, `"7d"`.

use syn::LitStr;

/// The seconds, at least one.
pub(super) fn seconds(text: &LitStr) -> syn::Result<u64> {
    parse(&text.value()).ok_or_else(|| {
        let what = "this is no duration; write a number from 1 and a unit: `\"30s\"`, `\"15m\"`, \
                    `\"1h\"` or `\"7d\"`";
        syn::Error::new_spanned(text, what)
    })
}

fn parse(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = number.parse::<u64>().ok()?.checked_mul(unit)?;
    (seconds > 0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        for (text, expected) in [
            ("30s", Some(30)),
            ("15m", Some(900)),
            ("1h", Some(3_600)),
            ("7d", Some(604_800)),
            ("0s", None),
            ("1", None),
            ("h", None),
            ("", None),
            ("+1h", None),
            ("1 h", None),
            ("1é", None),
            ("99999999999999999999d", None),
            ("999999999999999999d", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
