//! A server in this process, with certificates of its own, and what tests do with it.

use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc};

use annals_core::{Acl, Backend, ExpectedVersion, MemoryBackend, StreamMetadata, StreamName};
use annals_proto::kurrentdb::{
    Empty, StreamIdentifier,
    streams::{
        AppendReq, AppendResp, DeleteReq, ReadReq, ReadResp, append_req, delete_req,
        read_req::{
            self,
            options::{
                AllOptions, CountOption, FilterOption, ReadDirection, StreamOption, StreamOptions,
                UuidOption, all_options::AllOption, stream_options::RevisionOption, uuid_option,
            },
        },
        read_resp::Content,
    },
    users::{CreateReq, create_req},
};
use annals_server::{Options, Secret, Secured, Security, Server, TlsFiles};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::{StreamExt, stream};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::CertificateDer;
use tempfile::TempDir;
use tonic::{Code, Status};

use crate::client::{Client, encrypted, plain};

pub(crate) const ADMIN_PASSWORD: &str = "admin's password";
pub(crate) const OPS_PASSWORD: &str = "ops' password";

/// A server that runs for as long as its test.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) store: Arc<dyn Backend>,
}

/// An authority and the files of a server's certificate.
pub(crate) struct Certificates {
    dir: TempDir,
    pub(crate) authority: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Certificates {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority = params.self_signed(&key).unwrap().der().clone();
        let issuer = Issuer::new(params, key);
        let certificates = Self { dir: tempfile::tempdir().unwrap(), authority, issuer };
        certificates.replace();
        certificates
    }

    /// Puts another certificate from the same authority in place, and gives it.
    pub(crate) fn replace(&self) -> CertificateDer<'static> {
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.path("server.key"), key.serialize_pem()).unwrap();
        fs::write(self.path("server.pem"), certificate.pem()).unwrap();
        certificate.der().clone()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn files(&self) -> TlsFiles {
        TlsFiles { certificate: self.path("server.pem"), key: self.path("server.key") }
    }
}

/// Users log in, with known first passwords and without encryption.
pub(crate) fn secured() -> Secured {
    Secured {
        admin_password: Some(Secret::new(ADMIN_PASSWORD)),
        ops_password: Some(Secret::new(OPS_PASSWORD)),
        ..Secured::default()
    }
}

impl Running {
    pub(crate) async fn new(security: Security) -> Self {
        Self::over(Arc::new(MemoryBackend::new()), security).await
    }

    pub(crate) async fn secured() -> Self {
        Self::new(Security::Secured(secured())).await
    }

    /// On a store that may have something in it.
    pub(crate) async fn over(store: Arc<dyn Backend>, security: Security) -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let options = Options { listen, security, ..Options::default() };
        let server = Server::bind(Arc::clone(&store), options).await.unwrap();
        let address = server.address();
        tokio::spawn(server.run(std::future::pending()));
        Self { address, store }
    }

    /// A connection without encryption or credentials.
    pub(crate) async fn connect(&self) -> Client {
        Client::over(plain(self.address).await.unwrap()).await.unwrap()
    }

    pub(crate) async fn connect_as(&self, login: &str, password: &str) -> Client {
        self.connect().await.with_authorization(&basic(login, password))
    }

    pub(crate) async fn connect_as_admin(&self) -> Client {
        self.connect_as("admin", ADMIN_PASSWORD).await
    }

    /// A connection with encryption, without credentials.
    pub(crate) async fn connect_encrypted(&self, certificates: &Certificates) -> Client {
        let socket = encrypted(self.address, &certificates.authority).await.unwrap();
        Client::over(socket).await.unwrap()
    }

    /// Makes a user whose password is their login, and connects as them.
    pub(crate) async fn connect_as_new(&self, login: &str) -> Client {
        create_user(&self.connect_as_admin().await, login, login, &[]).await.unwrap();
        self.connect_as(login, login).await
    }

    /// Gives a stream an access list as somebody else on the same store.
    pub(crate) async fn store_acl(&self, stream: &str, acl: Acl) {
        let metadata = StreamMetadata { acl: Some(acl), ..StreamMetadata::default() };
        let any = ExpectedVersion::Any;
        self.store.set_stream_metadata(&name(stream), any, &metadata).await.unwrap();
    }
}

pub(crate) fn basic(login: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{login}:{password}")))
}

pub(crate) fn name(stream: &str) -> StreamName {
    StreamName::new(stream.to_owned()).unwrap()
}

fn identifier(stream: &str) -> Option<StreamIdentifier> {
    Some(StreamIdentifier { stream_name: stream.to_owned().into() })
}

pub(crate) async fn create_user(
    client: &Client,
    login: &str,
    password: &str,
    groups: &[&str],
) -> Result<(), Status> {
    let options = create_req::Options {
        login_name: login.to_owned(),
        password: password.to_owned(),
        full_name: format!("{login} in full"),
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
    };
    client.users().create(CreateReq { options: Some(options) }).await?;
    Ok(())
}

/// Appends one event with JSON data.
pub(crate) async fn append(
    client: &Client,
    stream: &str,
    event_type: &str,
    data: impl Into<bytes::Bytes>,
) -> Result<AppendResp, Status> {
    use append_req::{Content, Options, ProposedMessage, options::ExpectedStreamRevision};
    let options = Options {
        stream_identifier: identifier(stream),
        expected_stream_revision: Some(ExpectedStreamRevision::Any(Empty {})),
    };
    let metadata = [("type", event_type), ("content-type", "application/json")];
    let id = annals_proto::kurrentdb::uuid::Value::String(uuid::Uuid::new_v4().to_string());
    let message = ProposedMessage {
        id: Some(annals_proto::kurrentdb::Uuid { value: Some(id) }),
        metadata: metadata.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        custom_metadata: bytes::Bytes::new(),
        data: data.into(),
    };
    let parts = [Content::Options(options), Content::ProposedMessage(message)];
    let parts = parts.map(|content| AppendReq { content: Some(content) });
    Ok(client.streams().append(stream::iter(parts)).await?.into_inner())
}

pub(crate) async fn delete(client: &Client, stream: &str) -> Result<(), Status> {
    use delete_req::{Options, options::ExpectedStreamRevision};
    let options = Options {
        stream_identifier: identifier(stream),
        expected_stream_revision: Some(ExpectedStreamRevision::Any(Empty {})),
    };
    client.streams().delete(DeleteReq { options: Some(options) }).await?;
    Ok(())
}

fn reading(source: StreamOption) -> ReadReq {
    ReadReq {
        options: Some(read_req::Options {
            read_direction: ReadDirection::Forwards as i32,
            resolve_links: true,
            uuid_option: Some(UuidOption { content: Some(uuid_option::Content::String(Empty {})) }),
            control_option: None,
            stream_option: Some(source),
            count_option: Some(CountOption::Count(u64::MAX)),
            filter_option: Some(FilterOption::NoFilter(Empty {})),
        }),
    }
}

/// A read of a stream, which resolves links.
pub(crate) fn stream_read(stream: &str) -> ReadReq {
    reading(StreamOption::Stream(StreamOptions {
        stream_identifier: identifier(stream),
        revision_option: Some(RevisionOption::Start(Empty {})),
    }))
}

/// A read of the whole store.
pub(crate) fn all_read() -> ReadReq {
    reading(StreamOption::All(AllOptions { all_option: Some(AllOption::Start(Empty {})) }))
}

/// The streams of the events that are read; `-` for a link that leads nowhere.
pub(crate) async fn read(client: &Client, request: ReadReq) -> Result<Vec<String>, Status> {
    let mut answers = client.streams().read(request).await?.into_inner();
    let mut streams = Vec::new();
    while let Some(answer) = answers.next().await.transpose()? {
        streams.extend(stream_of(answer));
    }
    Ok(streams)
}

fn stream_of(answer: ReadResp) -> Option<String> {
    match answer.content? {
        Content::Event(event) => Some(event.event.map_or_else(
            || "-".to_owned(),
            |event| {
                let stream = event.stream_identifier.unwrap().stream_name;
                String::from_utf8(stream.to_vec()).unwrap()
            },
        )),
        _ => None,
    }
}

/// Whether a call is answered by `access-denied`.
#[track_caller]
pub(crate) fn assert_denied<T: std::fmt::Debug>(result: Result<T, Status>) {
    let status = result.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
    assert_eq!(status.metadata().get("exception").unwrap(), "access-denied");
    assert_eq!(status.message(), "Access Denied");
}

/// Whether a call is answered by a request to log in.
#[track_caller]
pub(crate) fn assert_unauthenticated<T: std::fmt::Debug>(result: Result<T, Status>) {
    let status = result.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
}
