//! The options of the network, and the variables that k6 looks at too, as `brunt-net` wants them.

use std::sync::Arc;
use std::time::Duration;

use brunt_engine::{Level, LogSink, Record};
use brunt_net::{
    CipherSuites, DnsPolicy, DnsSelect, DnsSettings, Identity, NetConfig, Proxies, RateLimit,
    Resolver, Routes, TlsOptions, TlsSettings, TlsVersion,
};
use brunt_options::{
    Consolidated, Dns, DnsPolicy as Policy, DnsSelect as Select, DnsTtl, Options,
    TlsVersion as Version,
};

use crate::exit::{Exit, Failure};

/// What all virtual users' clients share. Certificates, versions and suites are checked here, so
/// that a mistake stops the run before it begins.
pub(crate) fn net_config(
    options: &Consolidated,
    log: &Arc<dyn LogSink>,
) -> Result<NetConfig, Failure> {
    let own = &options.options;
    Ok(NetConfig {
        tls: Arc::new(tls(options, log)?),
        dns: Arc::new(Resolver::new(dns(own.dns.unwrap_or_default()))),
        routes: routes(own).map(Arc::new),
        proxies: Proxies::from_env(|name| std::env::var(name).ok()).map(Arc::new),
        rate: RateLimit::per_second(own.rps.unwrap_or_default()).map(Arc::new),
        no_connection_reuse: own.no_connection_reuse.unwrap_or(false),
        ..NetConfig::default()
    })
}

fn dns(dns: Dns) -> DnsSettings {
    let default = DnsSettings::default();
    DnsSettings {
        ttl: match dns.ttl {
            None => default.ttl,
            Some(DnsTtl::Forever) => Duration::MAX,
            Some(DnsTtl::For(ttl)) => ttl,
        },
        select: match dns.select {
            None => default.select,
            Some(Select::First) => DnsSelect::First,
            Some(Select::Random) => DnsSelect::Random,
            Some(Select::RoundRobin) => DnsSelect::RoundRobin,
        },
        policy: match dns.policy {
            None => default.policy,
            Some(Policy::PreferIpv4) => DnsPolicy::PreferIpv4,
            Some(Policy::PreferIpv6) => DnsPolicy::PreferIpv6,
            Some(Policy::OnlyIpv4) => DnsPolicy::OnlyIpv4,
            Some(Policy::OnlyIpv6) => DnsPolicy::OnlyIpv6,
            Some(Policy::Any) => DnsPolicy::Any,
        },
    }
}

fn routes(own: &Options) -> Option<Routes> {
    let mut routes = Routes::new();
    for (host, target) in own.hosts.iter().flatten() {
        routes.redirect(host, target.ip, target.port);
    }
    for host in own.block_hostnames.iter().flatten() {
        routes.block(host);
    }
    for range in own.blacklist_ips.iter().flatten() {
        routes.refuse(range.address(), range.prefix());
    }
    (!routes.is_empty()).then_some(routes)
}

fn tls(options: &Consolidated, log: &Arc<dyn LogSink>) -> Result<TlsSettings, Failure> {
    let own = &options.options;
    let wrong = |key: &'static str, message: String| {
        let error = options.error(key, message);
        Failure::new(Exit::InvalidConfig, error.to_string())
    };
    let versions = own.tls_version.unwrap_or_default();
    if versions.max.is_some_and(|max| max < Version::Tls12) {
        let message = "TLS 1.0 and 1.1 are not spoken; allow tls1.2 or tls1.3".to_owned();
        return Err(wrong("tlsVersion", message));
    }
    let version = |version: Option<Version>, open: TlsVersion| match version {
        None => open,
        Some(Version::Tls13) => TlsVersion::Tls13,
        Some(Version::Tls10 | Version::Tls11 | Version::Tls12) => TlsVersion::Tls12,
    };
    let names = own.tls_cipher_suites.iter().flatten().map(String::as_str);
    let cipher_suites =
        CipherSuites::parse(names).map_err(|message| wrong("tlsCipherSuites", message))?;
    if !cipher_suites.left_out.is_empty() {
        let message = format!(
            "tlsCipherSuites: {} not offered, because they are outdated",
            cipher_suites.left_out.join(", ")
        );
        log.log(Record {
            level: Level::Warn,
            message,
            fields: Vec::new(),
        });
    }
    let mut identities = Vec::new();
    for (at, auth) in own.tls_auth.iter().flatten().enumerate() {
        let domains = auth.domains.iter().map(String::as_str);
        let identity = Identity::from_pem(&auth.cert, &auth.key, auth.password.as_deref(), domains)
            .map_err(|error| wrong("tlsAuth", format!("[{at}]: {error}")))?;
        identities.push(identity);
    }
    let settings = TlsSettings::new(TlsOptions {
        insecure_skip_verify: own.insecure_skip_tls_verify.unwrap_or(false),
        min_version: version(versions.min, TlsVersion::Tls12),
        max_version: version(versions.max, TlsVersion::Tls13),
        http2: offers_http2(&std::env::var("GODEBUG").unwrap_or_default()),
        cipher_suites,
        identities: identities.into(),
        log_keys: std::env::var_os("SSLKEYLOGFILE").is_some_and(|file| !file.is_empty()),
        ..TlsOptions::default()
    });
    settings
        .check()
        .map_err(|message| wrong("tlsCipherSuites", message))?;
    Ok(settings)
}

/// `GODEBUG=http2client=0` is how k6's documentation tells users to keep to HTTP/1.1.
fn offers_http2(godebug: &str) -> bool {
    !godebug
        .split(',')
        .any(|part| part.trim() == "http2client=0")
}
