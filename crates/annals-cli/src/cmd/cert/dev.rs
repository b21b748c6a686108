//! `annals cert dev`: an authority of one's own, and a certificate from it.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use crate::{
    exit::Exit,
    failure::{Failure, OrFail, Result},
    session::Session,
};

/// Make a server certificate, from a local authority that is made the first time
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals cert dev                        for `localhost`, in ./annals-certs\n  \
    annals cert dev --host db.internal     also for another name\n  \
    annals serve --tls-cert annals-certs/server.pem --tls-key annals-certs/server.key")]
pub(super) struct Args {
    /// The folder for the files
    #[arg(long, value_name = "DIR", default_value = "annals-certs")]
    dir: PathBuf,
    /// A name or an address the server is reached by, besides `localhost`, 127.0.0.1 and ::1
    #[arg(long, value_name = "NAME", num_args = 1..)]
    host: Vec<String>,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const AUTHORITY_DAYS: u32 = 3_650;
const SERVER_DAYS: u32 = 825;
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    fs::create_dir_all(&args.dir)
        .or_fail(|| format!("the folder `{}` cannot be made", args.dir.display()))?;
    let dir = fs::canonicalize(&args.dir)
        .or_fail(|| format!("the folder `{}` cannot be used", args.dir.display()))?;
    let authority = authority(&dir, session)?;
    let (certificate, key) = server(&authority, &args.host).map_err(|error| failed(&error))?;
    write(&dir.join("server.key"), &key, Readers::Owner)?;
    write(&dir.join("server.pem"), &certificate, Readers::Everybody)?;
    let dir = dir.display();
    session.note("serve with this certificate, and connect with this URL:");
    let mut stdout = std::io::stdout();
    writeln!(stdout, "annals serve --tls-cert {dir}/server.pem --tls-key {dir}/server.key")?;
    writeln!(stdout, "kurrentdb://admin:PASSWORD@localhost:2113?tlsCaFile={dir}/ca.pem")?;
    Ok(Exit::Ok)
}

/// The authority of the folder, made where there is none: those who trust it go on to.
fn authority(dir: &Path, session: &Session) -> Result<Issuer<'static, KeyPair>> {
    let (certificate, key) = (dir.join("ca.pem"), dir.join("ca.key"));
    let params = authority_params();
    if key.exists() && certificate.exists() {
        let text = fs::read_to_string(&key)
            .or_fail(|| format!("the key `{}` cannot be read", key.display()))?;
        let pair = KeyPair::from_pem(&text).map_err(|error| failed(&error))?;
        return Ok(Issuer::new(params, pair));
    }
    let pair = KeyPair::generate().map_err(|error| failed(&error))?;
    let signed = params.self_signed(&pair).map_err(|error| failed(&error))?;
    write(&key, &pair.serialize_pem(), Readers::Owner)?;
    write(&certificate, &signed.pem(), Readers::Everybody)?;
    session.note(&format!("a new authority for local use: {}", certificate.display()));
    Ok(Issuer::new(params, pair))
}

fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Annals authority for local use");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid_for(&mut params, AUTHORITY_DAYS);
    params
}

/// A certificate of the server and its key, in PEM.
fn server(
    authority: &Issuer<'_, KeyPair>,
    hosts: &[String],
) -> Result<(String, String), rcgen::Error> {
    let local = LOCAL.map(str::to_owned);
    let names: Vec<_> = local.into_iter().chain(hosts.iter().cloned()).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "Annals server for local use");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    valid_for(&mut params, SERVER_DAYS);
    let pair = KeyPair::generate()?;
    let certificate = params.signed_by(&pair, authority)?;
    Ok((certificate.pem(), pair.serialize_pem()))
}

/// From yesterday, for clocks that are behind.
fn valid_for(params: &mut CertificateParams, days: u32) {
    let now = SystemTime::now();
    params.not_before = (now - DAY).into();
    params.not_after = (now + DAY * days).into();
}

#[derive(Clone, Copy)]
enum Readers {
    Owner,
    Everybody,
}

/// Puts a file in place whole: a server may read it at any moment.
fn write(path: &Path, text: &str, readers: Readers) -> Result<()> {
    let mode = match readers {
        Readers::Owner => 0o600,
        Readers::Everybody => 0o644,
    };
    let unfinished = path.with_extension("tmp");
    let written = || {
        // The mode counts only for a file that is made.
        if unfinished.exists() {
            fs::remove_file(&unfinished)?;
        }
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(mode).open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&unfinished, path)
    };
    written().or_fail(|| format!("`{}` cannot be written", path.display()))
}

fn failed(error: &rcgen::Error) -> Failure {
    let hint = "remove the folder and run the command again";
    Failure::new(Exit::Failure, "the certificate could not be made", error, hint)
}
