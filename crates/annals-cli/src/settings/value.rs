//! How the value of a setting may be shown.

use annals::StoreUrl;
use clap::Arg;

/// What stands for a secret.
const HIDDEN: &str = "(hidden)";
/// The one secret of which a part is worth showing.
const STORE: &str = "at";

/// A value, unless it is a secret; of the URL of a store, what is not secret about it.
pub(super) fn shown(arg: &Arg, value: &str) -> String {
    if arg.get_id() == STORE {
        return StoreUrl::shown(value);
    }
    if is_secret(arg) { HIDDEN.to_owned() } else { value.to_owned() }
}

/// Whether nobody may see the value.
pub(super) fn is_secret(arg: &Arg) -> bool {
    arg.is_hide_env_values_set()
}
