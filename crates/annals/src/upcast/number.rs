//! Integers in JSON text that a JSON value cannot hold: it would round them to a float unasked.

/// Whether an integer of more than 64 bits stands somewhere in the text.
pub(super) fn has_wide_integer(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match byte {
            b'"' => after_string(tail),
            b'-' | b'0'..=b'9' => {
                let length = tail.iter().take_while(|byte| is_in_number(**byte)).count() + 1;
                let (number, tail) = rest.split_at(length);
                if is_wide(number) {
                    return true;
                }
                tail
            }
            _ => tail,
        };
    }
    false
}

const fn is_in_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-')
}

fn is_wide(number: &[u8]) -> bool {
    // Eighteen digits always fit.
    if number.len() <= 18 || number.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return false;
    }
    let text = std::str::from_utf8(number).unwrap_or_default();
    text.parse::<u64>().is_err() && text.parse::<i64>().is_err()
}

/// What follows a string, given what follows its opening quote.
fn after_string(text: &[u8]) -> &[u8] {
    let mut is_escaped = false;
    for (index, byte) in text.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return text.get(index + 1..).unwrap_or_default(),
            _ => {}
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: bool) {
        assert_eq!(has_wide_integer(json.as_bytes()), expected, "{json}");
    }

    #[test]
    fn integers_of_64_bits_pass_and_wider_ones_are_found() {
        check(r#"{"a":18446744073709551615,"b":-9223372036854775808}"#, false);
        check(r#"{"a":[1,18446744073709551616]}"#, true);
        check("-9223372036854775809", true);
    }

    #[test]
    fn floats_and_digits_in_strings_are_no_integers() {
        check(r#"{"a":1234567890123456789012.5,"b":1e300}"#, false);
        check(r#"{"12345678901234567890123":"a\"12345678901234567890123"}"#, false);
        check(r#""unfinished 12345678901234567890123"#, false);
    }
}
