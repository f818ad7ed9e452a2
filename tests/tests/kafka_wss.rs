//! `wss://`: the command line through something that ends TLS in front of the bridge, into a real Kafka.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ottla_tests::bridge::Bridge;
use ottla_tests::certificates::Authority;
use ottla_tests::cli::console_producer;
use ottla_tests::kafka::Kafka;
use ottla_tests::kcat;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// Takes TLS off and passes the rest on, as a load balancer does. Dropping it ends it.
struct Terminator {
    address: SocketAddr,
    /// Connections whose handshake succeeded.
    opened: Arc<AtomicUsize>,
    _runtime: Runtime,
}

impl Terminator {
    /// `identity` is a PEM file with a key and its certificate.
    fn start(identity: &Path, upstream: SocketAddr) -> Self {
        let certificates = CertificateDer::pem_file_iter(identity)
            .and_then(Iterator::collect)
            .expect("the file was made just now");
        let key = PrivateKeyDer::from_pem_file(identity).expect("the file was made just now");
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring speaks every version")
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .expect("key and certificate belong together");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let opened = Arc::new(AtomicUsize::new(0));
        let runtime = Runtime::new().expect("threads can be started");
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .expect("a loopback port is free");
        let address = listener.local_addr().expect("it is bound");
        let counted = Arc::clone(&opened);
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, opened) = (acceptor.clone(), Arc::clone(&counted));
                tokio::spawn(async move {
                    let mut client = acceptor.accept(client).await?;
                    opened.fetch_add(1, Ordering::SeqCst);
                    let mut bridge = TcpStream::connect(upstream).await?;
                    copy_bidirectional(&mut client, &mut bridge).await
                });
            }
        });
        Self {
            address,
            opened,
            _runtime: runtime,
        }
    }

    fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }
}

#[test]
fn records_arrive_through_tls_that_is_trusted_and_none_through_tls_that_is_not() {
    let kafka = Kafka::shared();
    let topic = Kafka::topic_name("wss");
    kafka.tools().create_topic(&topic, 1, &[]);
    let bridge = Bridge::start_for_servers(kafka.bootstrap(), &[&topic]);
    let authority = Authority::new("somebody");
    let upstream = bridge
        .url()
        .strip_prefix("ws://")
        .and_then(|rest| rest.split('/').next())
        .and_then(|address| address.parse().ok())
        .expect("ws://host:port/k/main");
    let terminator = Terminator::start(&authority.sign("bridge", &["127.0.0.1"]), upstream);
    let url = format!("wss://{}/k/main", terminator.address);
    let stranger = Authority::new("stranger").file();
    let refused = console_producer(&url, &topic)
        .args(["--command-property", "max.block.ms=1000"])
        .env("SSL_CERT_FILE", &stranger)
        .input("not trusted\n")
        .finish();
    let said = refused.errors();
    assert_eq!(refused.code, Some(3), "{said}");
    assert!(said.contains("certificate") && said.contains(&url), "{said}");
    assert_eq!(terminator.opened(), 0, "a client that refused went on");
    console_producer(&url, &topic)
        .env("SSL_CERT_FILE", authority.file())
        .input("one\ntwo\n")
        .ok();
    assert!(terminator.opened() > 0, "nothing came through the terminator");
    assert_eq!(
        kcat::consume(kafka.bootstrap(), &topic, 0, &[]).lines(),
        ["one", "two"]
    );
}
