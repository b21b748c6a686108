//! `annals subscription create`: a new group.

use annals_admin::{Filter, Matching, Settings, Start};

use super::{
    named::{Named, shown},
    settings::SettingsArgs,
    start,
};
use crate::{
    exit::Exit,
    failure::Result,
    managed::{Managed, Subject},
    session::Session,
};

/// Make a group
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals subscription create account-1 mailer\n  \
    annals subscription create account-1 mailer --from end --max-retries 3 --ack-timeout 5s\n  \
    annals subscription create '$all' reports --filter-stream account-,order-\n  \
    annals subscription create '$ce-account' ledger --resolve-links --strategy pinned")]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,
    /// Where the group begins: a version of the stream or position of the store, start or end
    #[arg(
        long,
        value_name = "start|end|N",
        default_value = "start",
        value_parser = start::parse
    )]
    from: Start,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Which events of `$all`; what the groups write themselves is left out anyway.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct FilterArgs {
    /// Of `$all`: only streams whose names begin with one of these
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    filter_stream: Vec<String>,
    /// Of `$all`: only streams in whose names this regular expression is found
    #[arg(long, value_name = "REGEX")]
    filter_stream_regex: Option<String>,
    /// Of `$all`: only events whose types begin with one of these
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    filter_type: Vec<String>,
    /// Of `$all`: only events in whose types this regular expression is found
    #[arg(long, value_name = "REGEX")]
    filter_type_regex: Option<String>,
}

impl FilterArgs {
    fn filter(&self) -> Option<Filter> {
        let regex = |text: &Option<String>| text.clone().map(Matching::Regex);
        let prefixes =
            |list: &[String]| (!list.is_empty()).then(|| Matching::Prefixes(list.to_vec()));
        let streams = regex(&self.filter_stream_regex).or_else(|| prefixes(&self.filter_stream));
        let types = regex(&self.filter_type_regex).or_else(|| prefixes(&self.filter_type));
        streams.map(Filter::Streams).or_else(|| types.map(Filter::Types))
    }
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let group = args.named.group()?;
    let settings = args.settings.apply(&Settings::default());
    let filter = args.filter.filter();
    let managed = Managed::of(session, Subject::Groups)?;
    let made = managed.server().create_group(&group, args.from, filter.as_ref(), &settings);
    managed.wait(|| format!("{} was not made", shown(&group)), made)?;
    session.note(&format!("{} is there", shown(&group)));
    Ok(Exit::Ok)
}
