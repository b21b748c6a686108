//! A number that changes with the rules, so that a state folded through others is recognised.

use super::{Upcasters, names, rule::Action};
use crate::EventSchema;

impl Upcasters {
    /// Changes when the rules that events of these types may have come through do; 0 without any.
    pub(crate) fn fingerprint(&self, types: &[EventSchema]) -> u64 {
        if self.table.is_empty() {
            return 0;
        }
        let Ok(graph) = self.table.graph() else { return 0 };
        let rules = graph.rules_of(&names(types));
        let mut hash = Hash(if rules.is_empty() { 0 } else { Hash::START });
        for rule in rules.into_iter().filter_map(|at| self.table.rules.get(at)) {
            hash.text(&rule.to_string());
            hash.number(rule.revision);
            if let Action::Split(into, _) = &rule.action {
                for (name, version) in into {
                    hash.text(name.as_str());
                    hash.number(*version);
                }
            }
            for name in rule.context().and_then(|fold| fold.types().ok()).unwrap_or_default() {
                hash.text(name.as_str());
            }
        }
        hash.0
    }
}

/// FNV-1a. It is the same in every build, which the standard library's hash does not promise.
struct Hash(u64);

impl Hash {
    const START: u64 = 0xcbf2_9ce4_8422_2325;

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn number(&mut self, number: u32) {
        self.bytes(&number.to_le_bytes());
    }

    /// No text has a zero byte, so that one ends it.
    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
        self.bytes(&[0]);
    }
}
