//! The importer takes any file under any mapping: it answers with records, or with errors that
//! name the line.

use annals_cli::import::{Format, Mapping, Template, parse_all};

/// Reads the bytes under a few mappings; gives how many records were good.
pub fn run(bytes: &[u8]) -> usize {
    mappings().iter().map(|mapping| check(bytes, mapping)).sum()
}

fn check(bytes: &[u8], mapping: &Mapping) -> usize {
    let parse = || parse_all(bytes, mapping).map_err(|error| error.to_string());
    let parsed = parse();
    assert_eq!(parsed, parse(), "the same file gives the same records");
    let Ok(rows) = parsed else { return 0 };
    let mut line_before = 0;
    let mut good = 0;
    for row in rows {
        let line = match row {
            Ok(record) => {
                good += 1;
                record.line
            }
            Err(bad) => {
                assert!(!bad.reason.is_empty(), "a bad record without a reason");
                let named = format!("line {}: ", bad.line);
                assert!(bad.to_string().starts_with(&named), "`{bad}` names no line");
                bad.line
            }
        };
        // Elements of an array may share a line.
        assert!(line >= std::cmp::max(line_before, 1), "line {line} after line {line_before}");
        line_before = line;
    }
    good
}

fn mappings() -> Vec<Mapping> {
    let plain = Mapping {
        stream: Some(template("case-{id}")),
        event_type: Some(template("{kind}")),
        ..Mapping::default()
    };
    let full = Mapping {
        time: Some(template("{at}")),
        metadata: vec![("by".to_owned(), template("{by}"))],
        tags: vec![template("id:{id}")],
        numbers: vec!["amount".to_owned()],
        ..plain.clone()
    };
    vec![
        Mapping::default(),
        Mapping { format: Format::Csv, delimiter: b';', ..plain.clone() },
        Mapping { format: Format::Json, ..full.clone() },
        plain,
        full,
    ]
}

fn template(text: &str) -> Template {
    text.parse().expect("a template that is right")
}
