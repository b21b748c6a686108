//! What each `sslmode` does against real servers: which certificates it takes, when it encrypts,
//! and what it says when it refuses.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod servers;

use std::{error::Error, fs, path::Path, process::ExitCode};

use annals_core::{Backend, ErrorKind};
use annals_postgres::{Options, Postgres, Target};
use annals_testbed::postgres::{self as testbed, Durability};
use futures_lite::future::block_on;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use servers::{Outcome, Test, plain_server, run};
use tempfile::TempDir;

const TESTS: &[Test] = &[
    ("each_mode_checks_what_it_promises", each_mode_checks_what_it_promises),
    ("a_server_without_encryption_is_told_of", a_server_without_encryption_is_told_of),
    ("a_root_certificate_at_home_counts", a_root_certificate_at_home_counts),
    ("a_certificate_that_signed_itself_is_its_own_root", a_certificate_that_signed_itself),
    ("encryption_follows_what_the_server_takes", encryption_follows_what_the_server_takes),
    ("a_client_shows_its_certificate", a_client_shows_its_certificate),
];

fn main() -> ExitCode {
    run(TESTS)
}

/// An authority, and the folder in which its files are.
struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key as PEM.
struct Pair {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority for a test");
        let folder = tempfile::tempdir().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        fs::write(folder.path().join("root.crt"), certificate.pem()).unwrap();
        Self { folder, issuer: Issuer::new(params, key) }
    }

    /// Where its certificate is.
    fn root(&self) -> String {
        path(self.folder.path(), "root.crt")
    }

    fn sign(&self, names: &[&str], common_name: &str) -> Pair {
        let key = KeyPair::generate().unwrap();
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, common_name);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Pair { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

/// A server that shows a certificate, with lines of `pg_hba.conf` and further files and settings.
fn server(
    pair: &Pair,
    access: &str,
    files: &[(&str, String)],
    settings: &[(&str, &str)],
) -> Result<testbed::Postgres, Box<dyn Error>> {
    let own = [("server.crt", &pair.certificate), ("server.key", &pair.key)];
    let mut all: Vec<(String, Vec<u8>)> =
        own.map(|(name, text)| (name.to_owned(), text.clone().into_bytes())).into();
    all.extend(files.iter().map(|(name, text)| ((*name).to_owned(), text.clone().into_bytes())));
    if !access.is_empty() {
        all.push(("pg_hba.conf".to_owned(), access.as_bytes().to_vec()));
    }
    let mut on = vec![("ssl".to_owned(), "on".to_owned())];
    on.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let options = testbed::Options {
        durability: Durability::Fast,
        settings: on,
        files: all,
        ..testbed::Options::default()
    };
    Ok(testbed::Postgres::start(options)?)
}

/// What an attempt to open a store came to: whether connections are encrypted, or why there is
/// none.
fn attempt(
    server: &testbed::Postgres,
    host: &str,
    parameters: &str,
    home: Option<&Path>,
) -> Result<bool, annals_core::Error> {
    let url = format!("postgres://annals@{host}:{}/postgres?{parameters}", server.port());
    let home = home.map(|home| home.to_str().unwrap().to_owned());
    let target = Target::parse(&url, &|name| home.clone().filter(|_| name == "HOME"))?;
    let store = block_on(Postgres::open_target(&target, Options::default()))?;
    let found = server.psql(
        "select bool_and(ssl), bool_or(ssl) from pg_stat_ssl join pg_stat_activity using (pid) \
         where application_name = 'annals'",
    );
    block_on(store.close())?;
    match found.as_deref() {
        Ok("t|t") => Ok(true),
        Ok("f|f") => Ok(false),
        other => panic!("some connections of one store are encrypted and some are not: {other:?}"),
    }
}

/// Waits until no connection of an earlier attempt is left.
fn wait_for_silence(server: &testbed::Postgres) -> Outcome {
    annals_testbed::wait_until("the connections are closed", || {
        let open = "select count(*) from pg_stat_activity where application_name = 'annals'";
        server.psql(open).as_deref() == Ok("0")
    })?;
    Ok(())
}

fn must_encrypt(server: &testbed::Postgres, host: &str, parameters: &str) -> Outcome {
    assert!(attempt(server, host, parameters, None)?, "{host}, {parameters}: is not encrypted");
    wait_for_silence(server)
}

fn must_not_encrypt(server: &testbed::Postgres, host: &str, parameters: &str) -> Outcome {
    assert!(!attempt(server, host, parameters, None)?, "{host}, {parameters}: is encrypted");
    wait_for_silence(server)
}

#[track_caller]
fn must_refuse(
    server: &testbed::Postgres,
    host: &str,
    parameters: &str,
    kind: ErrorKind,
    words: &[&str],
) {
    let error = attempt(server, host, parameters, None).unwrap_err();
    assert_eq!(error.kind(), kind, "{host}, {parameters}: {error}");
    for words in words {
        assert!(error.to_string().contains(words), "{host}, {parameters}: {error}");
    }
}

fn each_mode_checks_what_it_promises() -> Outcome {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let server = server(&authority.sign(&["localhost"], "localhost"), "", &[], &[])?;
    let right = format!("&sslrootcert={}", authority.root());
    let wrong = format!("&sslrootcert={}", stranger.root());
    let mode = |mode: &str, root: &str| format!("sslmode={mode}{root}");
    let untrusted = ["does not go back to a trusted one", "`sslrootcert`"];
    let misnamed = ["is for another host", "`sslmode=verify-ca`"];
    for host in ["localhost", "127.0.0.1"] {
        must_not_encrypt(&server, host, "sslmode=disable")?;
        must_not_encrypt(&server, host, "sslmode=allow")?;
        must_encrypt(&server, host, "sslmode=prefer")?;
        must_encrypt(&server, host, &mode("prefer", &wrong))?;
        must_encrypt(&server, host, "sslmode=require")?;
        must_encrypt(&server, host, &mode("require", &right))?;
        must_encrypt(&server, host, &mode("verify-ca", &right))?;
        for checking in ["require", "verify-ca", "verify-full"] {
            let parameters = mode(checking, &wrong);
            must_refuse(&server, host, &parameters, ErrorKind::Unauthenticated, &untrusted);
        }
        for checking in ["verify-ca", "verify-full"] {
            let words = ["there is no root certificate", "`sslrootcert=system`"];
            must_refuse(&server, host, &mode(checking, ""), ErrorKind::InvalidArgument, &words);
        }
    }
    let full = mode("verify-full", &right);
    must_encrypt(&server, "localhost", &full)?;
    must_refuse(&server, "127.0.0.1", &full, ErrorKind::Unauthenticated, &misnamed);
    // The name is checked, whatever address it stands for.
    must_encrypt(&server, "localhost", &format!("{full}&hostaddr=127.0.0.1"))?;
    let missing = mode("verify-full", "&sslrootcert=/missing.crt");
    let words = ["`sslrootcert` `/missing.crt` cannot be used"];
    must_refuse(&server, "localhost", &missing, ErrorKind::InvalidArgument, &words);
    Ok(())
}

fn a_server_without_encryption_is_told_of() -> Outcome {
    let authority = Authority::new();
    let server = plain_server()?;
    for mode in ["disable", "allow", "prefer"] {
        must_not_encrypt(&server, "localhost", &format!("sslmode={mode}"))?;
    }
    let words = ["the server has no encryption", "`sslmode=prefer`"];
    for mode in ["require", "verify-ca", "verify-full"] {
        let parameters = format!("sslmode={mode}&sslrootcert={}", authority.root());
        must_refuse(&server, "localhost", &parameters, ErrorKind::Unavailable, &words);
    }
    Ok(())
}

fn a_root_certificate_at_home_counts() -> Outcome {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let server = server(&authority.sign(&["localhost"], "localhost"), "", &[], &[])?;
    let home = tempfile::tempdir()?;
    fs::create_dir(home.path().join(".postgresql"))?;
    let at_home = home.path().join(".postgresql/root.crt");
    fs::copy(stranger.root(), &at_home)?;
    let refused = attempt(&server, "localhost", "sslmode=require", Some(home.path())).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated, "{refused}");
    fs::copy(authority.root(), &at_home)?;
    for mode in ["require", "verify-ca", "verify-full"] {
        let mode = format!("sslmode={mode}");
        assert!(attempt(&server, "localhost", &mode, Some(home.path()))?);
        wait_for_silence(&server)?;
    }
    Ok(())
}

fn a_certificate_that_signed_itself() -> Outcome {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pair = Pair { certificate: params.self_signed(&key)?.pem(), key: key.serialize_pem() };
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("server.crt"), &pair.certificate)?;
    let server = server(&pair, "", &[], &[])?;
    let full = format!("sslmode=verify-full&sslrootcert={}", path(folder.path(), "server.crt"));
    must_encrypt(&server, "localhost", &full)?;
    let words = ["is for another host"];
    must_refuse(&server, "127.0.0.1", &full, ErrorKind::Unauthenticated, &words);
    let stranger = Authority::new();
    let wrong = format!("sslmode=verify-full&sslrootcert={}", stranger.root());
    let error = attempt(&server, "localhost", &wrong, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    Ok(())
}

fn encryption_follows_what_the_server_takes() -> Outcome {
    let pair = Authority::new().sign(&["localhost"], "localhost");
    let refused = ["no pg_hba.conf entry"];
    let plain = server(&pair, "hostnossl all all 127.0.0.1/32 trust\n", &[], &[])?;
    must_not_encrypt(&plain, "127.0.0.1", "sslmode=prefer")?;
    must_not_encrypt(&plain, "127.0.0.1", "sslmode=allow")?;
    must_refuse(&plain, "127.0.0.1", "sslmode=require", ErrorKind::Unauthenticated, &refused);
    let encrypted = server(&pair, "hostssl all all 127.0.0.1/32 trust\n", &[], &[])?;
    must_encrypt(&encrypted, "127.0.0.1", "sslmode=prefer")?;
    must_encrypt(&encrypted, "127.0.0.1", "sslmode=allow")?;
    must_refuse(&encrypted, "127.0.0.1", "sslmode=disable", ErrorKind::Unauthenticated, &refused);
    Ok(())
}

fn a_client_shows_its_certificate() -> Outcome {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let files = [("clients.crt", fs::read_to_string(authority.root())?)];
    let settings = [("ssl_ca_file", "clients.crt")];
    let access = "hostssl all all 127.0.0.1/32 cert\n";
    let pair = authority.sign(&["localhost"], "localhost");
    let server = server(&pair, access, &files, &settings)?;
    let folder = tempfile::tempdir()?;
    let by = |authority: &Authority, name: &str| {
        let pair = authority.sign(&[], "annals");
        fs::write(folder.path().join(format!("{name}.crt")), &pair.certificate).unwrap();
        fs::write(folder.path().join(format!("{name}.key")), &pair.key).unwrap();
        let file = |end| path(folder.path(), &format!("{name}.{end}"));
        format!("sslmode=require&sslcert={}&sslkey={}", file("crt"), file("key"))
    };
    let url = |parameters: &str| {
        format!("postgres://annals@127.0.0.1:{}/postgres?{parameters}", server.port())
    };
    let open = |parameters: &str| block_on(Postgres::open(&url(parameters), Options::default()));
    let own = by(&authority, "own");
    block_on(open(&own)?.close())?;
    for parameters in ["sslmode=require".to_owned(), by(&stranger, "strange")] {
        let error = open(&parameters).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{parameters}: {error}");
    }
    let mixed = own.replace("own.key", "strange.key");
    let error = open(&mixed).unwrap_err();
    assert!(error.to_string().contains("do not belong together"), "{error}");
    Ok(())
}
