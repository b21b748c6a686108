//! The global flags as they are meant: which store, how to print, how much to say.

use std::{
    io::{IsTerminal, Write},
    path::Path,
    sync::Arc,
};

use annals::{
    Backend, ErrorKind, StoreUrl,
    postgres::{MIGRATIONS, Options, Postgres, Target},
};
use futures_lite::future::block_on;

use crate::{
    cli::GlobalArgs,
    exit::Exit,
    failure::{Failure, OrFail, Result},
    output::{Format, Printer, Shape, Style},
    settings::Settings,
};

/// What every command works with.
#[derive(Debug)]
pub(crate) struct Session {
    url: StoreUrl,
    format: Option<Format>,
    loudness: Loudness,
    style: Style,
    error_style: Style,
    settings: Settings,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loudness {
    Quiet,
    Normal,
}

impl Session {
    /// Understands the flags.
    pub(crate) fn new(args: &GlobalArgs, settings: Settings) -> Result<Self> {
        let url = url(&args.at)?;
        let style = |suited: Style| if args.no_color { Style::Plain } else { suited };
        Ok(Self {
            url,
            format: args.output,
            loudness: if args.quiet { Loudness::Quiet } else { Loudness::Normal },
            style: style(Style::suited_to(&std::io::stdout())),
            error_style: style(Style::suited_to(&std::io::stderr())),
            settings,
        })
    }

    /// Which store.
    pub(crate) fn url(&self) -> &StoreUrl {
        &self.url
    }

    /// The settings of a server, for the commands that have them.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The style of stdout.
    pub(crate) fn style(&self) -> Style {
        self.style
    }

    /// The format asked for.
    pub(crate) fn format(&self) -> Option<Format> {
        self.format
    }

    /// Opens the store, and makes it where there is none.
    pub(crate) fn open_or_create(&self) -> Result<Arc<dyn Backend>> {
        open_or_create(&self.url)
    }

    /// Opens a store that must be there already: reading makes no store.
    pub(crate) fn open(&self) -> Result<Arc<dyn Backend>> {
        open(&self.url)
    }

    /// Refuses a folder that is not there.
    pub(crate) fn check_exists(&self) -> Result<()> {
        self.url.dir().map_or(Ok(()), |dir| check_exists(dir, &self.url))
    }

    /// Where output goes.
    pub(crate) fn printer(&self, shape: Shape) -> Result<Printer> {
        if self.format == Some(Format::Cloudevents) && shape != Shape::Events {
            return Err(Failure::usage(
                "only events can be written as CloudEvents",
                "use another `--output`, or `read`, `tail` or `export`",
            ));
        }
        Ok(match self.loudness {
            Loudness::Quiet => Printer::keys(),
            Loudness::Normal => Printer::new(self.format, shape, self.style),
        })
    }

    /// Says something to the person at the terminal, unless they asked for quiet.
    pub(crate) fn note(&self, text: &str) {
        if self.loudness == Loudness::Normal {
            // A note that nobody can read is not worth an error.
            drop(writeln!(std::io::stderr(), "{}", self.error_style.dim(text)));
        }
    }

    /// Whether progress can be shown: somebody is watching and wants to.
    pub(crate) fn shows_progress(&self) -> bool {
        self.loudness == Loudness::Normal && std::io::stderr().is_terminal()
    }
}

/// The URL of a store as typed.
pub(crate) fn url(text: &str) -> Result<StoreUrl> {
    let url: annals::Result<StoreUrl> = text.parse();
    url.or_fail(|| format!("the store `{}` cannot be used", StoreUrl::shown(text)))
}

/// Opens a store, and makes it where there is none.
pub(crate) fn open_or_create(url: &StoreUrl) -> Result<Arc<dyn Backend>> {
    let opened = block_on(url.open());
    let is_held = opened.as_ref().is_err_and(is_held);
    let opened = opened.or_fail(|| format!("the store `{url}` could not be opened"));
    opened.map_err(|failure| with_way_in(failure, url, is_held))
}

/// Whether another process has the folder.
fn is_held(error: &annals::Error) -> bool {
    error.context().iter().any(|(name, _)| *name == "holder")
}

/// Says how else to reach the store of a node whose folder its server has.
fn with_way_in(failure: Failure, url: &StoreUrl, is_held: bool) -> Failure {
    match url {
        StoreUrl::Cluster(_) if is_held => failure.with_hint(
            "this node is running: ask its server, with `--at annals://HOST:2113` \
             (`?tls=false` where nothing is encrypted), or name another folder for another node",
        ),
        _ => failure,
    }
}

/// Opens a store that must be there already.
pub(crate) fn open(url: &StoreUrl) -> Result<Arc<dyn Backend>> {
    url.dir().map_or(Ok(()), |dir| check_exists(dir, url))?;
    let opened = block_on(url.open_existing());
    if let (Err(error), StoreUrl::Postgres(target)) = (&opened, url)
        && error.kind() == ErrorKind::InvalidArgument
    {
        check_schema(target, url)?;
    }
    let is_held = opened.as_ref().is_err_and(is_held);
    let opened = opened.or_fail(|| format!("the store `{url}` could not be opened"));
    opened.map_err(|failure| with_way_in(failure, url, is_held))
}

/// Refuses a schema without a store.
fn check_schema(target: &Target, url: &StoreUrl) -> Result<()> {
    let what = || format!("the store `{url}` could not be opened");
    let missing = block_on(Postgres::pending(target, Options::default())).or_fail(what)?;
    if missing.len() < MIGRATIONS.len() {
        return Ok(());
    }
    let schema = target.options(Options::default()).schema;
    Err(Failure::new(
        Exit::NotFound,
        what(),
        format!("there is no store in schema `{schema}` of the database"),
        "`annals migrate`, `append` or `import` makes a store; `--at` names another one, with \
         `schema=` for another schema",
    ))
}

fn check_exists(dir: &Path, url: &StoreUrl) -> Result<()> {
    let what = || format!("the store `{url}` could not be opened");
    let is_missing = !dir.try_exists().or_fail(what)?;
    let is_empty = || dir.read_dir().is_ok_and(|mut entries| entries.next().is_none());
    if is_missing || is_empty() {
        return Err(Failure::new(
            Exit::NotFound,
            what(),
            format!("there is no store in `{}`", dir.display()),
            "`annals append` or `annals import` makes a store; `--at` names another one",
        ));
    }
    Ok(())
}

/// The store as a URI, for CloudEvents.
pub(crate) fn source_of(store: &dyn Backend) -> Result<String> {
    let name = match block_on(store.info()) {
        Ok(info) => info.store_id.unwrap_or_else(|| info.backend.to_owned()),
        // One that tells nothing of itself.
        Err(error) if error.kind() == ErrorKind::Unsupported => "server".to_owned(),
        Err(error) => return Err(error).or_fail(|| "the store could not be asked for its id"),
    };
    Ok(format!("urn:annals:{name}"))
}
