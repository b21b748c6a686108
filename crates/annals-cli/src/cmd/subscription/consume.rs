//! `annals subscription consume`: be a consumer of a group.
//!
//! What was printed is acknowledged, in this order, and nothing else is: an event that was on its
//! way when the command ended goes to another consumer.

use annals::EventType;
use annals_admin::{Consumer, Received, Verdict};

use super::named::{Named, shown};
use crate::{
    exit::Exit,
    failure::{Failure, Result},
    managed::{Managed, Subject},
    output::{EventItem, Printer, Shape},
    serving::signals::Signals,
    session::Session,
};

/// Take events of a group: print each, then tell the group that it is finished
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals subscription consume account-1 mailer              until Ctrl-C\n  \
    annals subscription consume account-1 mailer --limit 10   ten events, then end\n  \
    annals subscription consume account-1 mailer --park --on closed --reason 'not yet'\n\n\
    Prints as `annals tail` does. An event is acknowledged once it was written out; what was not\n\
    goes to another consumer.")]
pub(super) struct Args {
    #[command(flatten)]
    named: Named,
    /// End after this many events
    #[arg(short = 'n', long, value_name = "COUNT")]
    limit: Option<u64>,
    /// How many events may be on their way here at once
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    buffer: u32,
    #[command(flatten)]
    word: WordArgs,
    /// Do that only with events of these types, and acknowledge the others
    #[arg(long, value_name = "A,B", value_delimiter = ',', requires = "word")]
    on: Vec<String>,
    /// Why they are parked
    #[arg(long, value_name = "TEXT", requires = "park")]
    reason: Option<String>,
}

/// What to say of events in place of an acknowledgement.
#[derive(Debug, clap::Args)]
#[group(id = "word", multiple = false)]
struct WordArgs {
    /// Park events: put them aside, for `annals subscription parked` and `replay-parked`
    #[arg(long)]
    park: bool,
    /// Give events back, to be tried again; one that was too often is parked
    #[arg(long)]
    retry: bool,
    /// Pass events over: they are finished, as if acknowledged
    #[arg(long)]
    skip: bool,
}

/// What is said of which events.
struct Rule {
    on: Vec<EventType>,
    verdict: Verdict,
}

impl Rule {
    fn of(args: &Args) -> Result<Self> {
        let on: annals::Result<_> = args.on.iter().map(|name| name.parse()).collect();
        let reason = || args.reason.clone().unwrap_or_default();
        let verdict = match &args.word {
            WordArgs { park: true, .. } => Verdict::Park(reason()),
            WordArgs { retry: true, .. } => Verdict::Retry,
            WordArgs { skip: true, .. } => Verdict::Skip,
            WordArgs { .. } => Verdict::Done,
        };
        Ok(Self { on: on?, verdict })
    }

    fn verdict(&self, received: &Received) -> Verdict {
        if self.on.is_empty() || self.on.contains(&received.event.event_type) {
            self.verdict.clone()
        } else {
            Verdict::Done
        }
    }
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let group = args.named.group()?;
    let rule = Rule::of(args)?;
    let mut printer = session.printer(Shape::Events)?;
    let managed = Managed::of(session, Subject::Groups)?;
    let what = || format!("the events of {} could not be taken", shown(&group));
    let limit = args.limit.unwrap_or(u64::MAX);
    let at_once = u32::try_from(limit).map_or(args.buffer, |limit| args.buffer.min(limit.max(1)));
    let exit = managed.run(async {
        let mut signals = Signals::listen()?;
        let joined = tokio::select! {
            _ = signals.next() => return Ok(Exit::Interrupted),
            joined = managed.server().consume(&group, at_once) => joined,
        };
        let mut consumer = joined.map_err(|refused| managed.failure(what(), refused))?;
        let taken = tokio::select! {
            biased;
            _ = signals.next() => Ok(Exit::Interrupted),
            taken = take(&mut consumer, &mut printer, &rule, limit, session) => {
                taken.map(|()| Exit::Ok)
            }
        };
        let taken = taken.map_err(|stopped| match stopped {
            Stopped::Output(failure) => failure,
            Stopped::Server(refused) => managed.failure(what(), refused),
        });
        // However it ended: what was said of events before is to be heard.
        let left = tokio::select! {
            // Whoever does not wait for it is not kept waiting.
            _ = signals.next() => return Ok(Exit::Interrupted),
            left = consumer.leave() => left,
        };
        let exit = taken?;
        left.map_err(|refused| managed.failure(what(), refused))?;
        Ok(exit)
    })?;
    printer.finish()?;
    Ok(exit)
}

/// Why no more events are taken.
enum Stopped {
    Output(Failure),
    Server(annals_admin::Refused),
}

/// Takes events, each whole: it waits only where nothing is half done.
async fn take(
    consumer: &mut Consumer,
    printer: &mut Printer,
    rule: &Rule,
    limit: u64,
    session: &Session,
) -> Result<(), Stopped> {
    let source = session.url().to_string();
    for _ in 0..limit {
        let received = consumer.next().await.map_err(Stopped::Server)?;
        let item = EventItem { event: &received.event, source: &source };
        let printed = printer.item(&item).and_then(|()| printer.flush());
        printed.map_err(|error| Stopped::Output(error.into()))?;
        let verdict = rule.verdict(&received);
        consumer.say(received, verdict).map_err(Stopped::Server)?;
    }
    Ok(())
}
