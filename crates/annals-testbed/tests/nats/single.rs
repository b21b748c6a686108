//! One server.

use std::net::TcpStream;

use annals_testbed::nats::{Login, Nats, Options, Sync, Tls, User};

use crate::client::Client;
use crate::{Outcome, has, is_alive, store};

pub(crate) fn a_server_has_jetstream_and_stops() -> Outcome {
    let mut server = Nats::start(&Options::default())?;
    let client = Client::connect(&server.url())?;
    assert!(client.info.contains("\"jetstream\":true"), "{}", client.info);
    assert_eq!(server.url(), format!("nats://127.0.0.1:{}", server.port()));
    let (pid, folder) = (server.pid().unwrap(), server.folder());
    server.stop()?;
    assert!(!is_alive(pid) && server.pid().is_none());
    assert!(TcpStream::connect(("127.0.0.1", server.port())).is_err());
    assert!(folder.exists());
    drop(server);
    assert!(!folder.exists());
    Ok(())
}

pub(crate) fn a_server_is_as_asked_for() -> Outcome {
    let place = tempfile::tempdir()?;
    let tls = Tls { certificate: place.path().join("c.pem"), key: place.path().join("k.pem") };
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    std::fs::write(&tls.certificate, certified.cert.pem())?;
    std::fs::write(&tls.key, certified.signing_key.serialize_pem())?;
    let encrypted = Nats::start(&Options {
        sync: Sync::Always,
        max_payload: Some(4_000_000),
        login: Login::Users(vec![User::new("ann", "a \"b\" \\c")]),
        tls: Some(tls),
    })?;
    let info = Client::connect(&encrypted.url())?.info;
    for said in ["\"max_payload\":4000000", "\"auth_required\":true", "\"tls_required\":true"] {
        assert!(info.contains(said), "{said} is not in {info}");
    }
    let secret = Nats::start(&Options { login: Login::Token("t".into()), ..Options::default() })?;
    let info = Client::connect(&secret.url())?.info;
    assert!(info.contains("\"auth_required\":true") && !info.contains("tls_required"), "{info}");
    Ok(())
}

pub(crate) fn a_refused_option_is_told() -> Outcome {
    let too_much = Options { max_payload: Some(u32::MAX), ..Options::default() };
    let refused = Nats::start(&too_much).unwrap_err();
    assert!(refused.why().contains("max_payload"), "{refused}");
    Ok(())
}

pub(crate) fn what_is_stored_survives_a_kill() -> Outcome {
    let mut server = Nats::start(&Options::default())?;
    store(&server.url(), 1, 5)?;
    let (url, pid) = (server.url(), server.pid().unwrap());
    assert!(server.restart().is_err());
    server.kill()?;
    assert!(!is_alive(pid) && Client::connect(&url).is_err());
    server.restart()?;
    assert!(server.url() == url && has(&url, 5));
    Ok(())
}

pub(crate) fn a_paused_server_goes_on_where_it_was() -> Outcome {
    let mut server = Nats::start(&Options::default())?;
    let mut client = Client::connect(&server.url())?;
    client.ping()?;
    server.pause()?;
    assert!(client.ping().is_err());
    server.resume()?;
    client.pong()?;
    server.pause()?;
    let pid = server.pid().unwrap();
    drop(server);
    assert!(!is_alive(pid));
    Ok(())
}
