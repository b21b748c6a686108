//! `annals tail`: follow a stream or the store.

use std::ops::ControlFlow;

use annals::{
    Backend, Delivery, Direction, Position, Query, RecordedEvent, Subscribe, SubscribeStart,
    Version,
};
use futures_lite::{future::block_on, stream};

use super::read;
use crate::{
    exit::Exit,
    failure::{OrFail, Result},
    output::{EventItem, Printer, Shape},
    range::Stretch,
    select::{SelectArgs, Selection},
    session::{Session, source_of},
};

/// Follow a stream or the whole store: print events as they are appended
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals tail                              everything from now on\n  \
    annals tail account-1 -n 10              ten past events, then what comes\n  \
    annals tail --category account --count 5 five events, then end\n\n\
    Ends with Ctrl-C, or when whoever reads the output has gone. A `file:` store is used by one\n\
    process at a time, so nobody else can append to it meanwhile.")]
pub(crate) struct Args {
    #[command(flatten)]
    select: SelectArgs,
    /// Print this many past events first
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 0)]
    past: u64,
    /// End after this many events, past ones included
    #[arg(long, value_name = "COUNT")]
    count: Option<u64>,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let selection = args.select.selection()?;
    let printer = session.printer(Shape::Events)?;
    let store = session.open()?;
    let source = source_of(store.as_ref())?;
    let left = args.count.unwrap_or(u64::MAX);
    let mut tail = Tail { printer, source, left };
    let head = Head::of(store.as_ref(), &selection)?;
    if tail.past(store.as_ref(), &selection, head, args.past)?.is_continue() {
        tail.follow(store.as_ref(), &selection, head)?;
    }
    tail.printer.finish()?;
    Ok(Exit::Ok)
}

/// The last place there was when the following began; what is after it is new.
#[derive(Debug, Clone, Copy)]
struct Head(Option<u64>);

impl Head {
    fn of(store: &dyn Backend, selection: &Selection) -> Result<Self> {
        let what = || "the end of what there is could not be found";
        Ok(Self(match selection {
            Selection::Stream { stream, .. } => {
                let info = block_on(store.stream_info(stream)).or_fail(what)?;
                info.last_version.map(Version::get)
            }
            Selection::All(_) => block_on(store.head()).or_fail(what)?.map(Position::get),
        }))
    }

    fn start<P>(self, place: fn(u64) -> P) -> SubscribeStart<P> {
        self.0.map_or(SubscribeStart::Beginning, |head| SubscribeStart::After(place(head)))
    }
}

struct Tail {
    printer: Printer,
    source: String,
    left: u64,
}

impl Tail {
    /// Prints an event, and says whether more are wanted.
    fn print(&mut self, event: &RecordedEvent) -> Result<ControlFlow<()>> {
        if self.left > 0 {
            self.printer.item(&EventItem { event, source: &self.source })?;
            self.left -= 1;
        }
        Ok(if self.left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn past(
        &mut self,
        store: &dyn Backend,
        selection: &Selection,
        head: Head,
        count: u64,
    ) -> Result<ControlFlow<()>> {
        let (Some(high), 1..) = (head.0, count) else {
            return Ok(if self.left == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            });
        };
        let stretch = Stretch { low: None, high: Some(high) };
        let events = read::events(store, selection, Direction::Backward, stretch, count)?;
        let newest: annals::Result<Vec<_>> = events.collect();
        for event in newest.or_fail(|| "the past events could not be read")?.iter().rev() {
            if self.print(event)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        self.printer.flush()?;
        Ok(ControlFlow::Continue(()))
    }

    fn follow(&mut self, store: &dyn Backend, selection: &Selection, head: Head) -> Result<()> {
        let (subscribe, filter) = match selection {
            Selection::Stream { stream, filter } => {
                let subscribe = Subscribe::stream(stream.clone(), head.start(Version::new));
                (subscribe, Query::any_of([filter.clone()])?)
            }
            Selection::All(_) => {
                (Subscribe::all(selection.query()?, head.start(Position::new)), Query::all())
            }
        };
        for delivery in stream::block_on(store.subscribe(subscribe)) {
            match delivery.or_fail(|| "the events could not be followed")? {
                Delivery::Event(event) if filter.matches(&event) => {
                    if self.print(&event)?.is_break() {
                        break;
                    }
                    // Somebody is watching: each event is shown when it comes.
                    self.printer.flush()?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}
