//! The option `dns`: how long names are remembered and which address is taken.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{OptionValue, choice, duration, object, text_of};
use crate::duration::{format_duration, parse_duration_or_ms};
use crate::error::Invalid;

/// What is set of it; layers override each field by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dns {
    /// How long an answer is remembered; 5 minutes by default.
    pub ttl: Option<DnsTtl>,
    /// Which of several addresses is taken; a random one by default.
    pub select: Option<DnsSelect>,
    /// Which kinds of addresses are taken; IPv4 if there is one by default.
    pub policy: Option<DnsPolicy>,
}

/// How long an answer is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DnsTtl {
    /// To the end of the test.
    Forever,
    /// So long; zero means not at all.
    For(Duration),
}

/// Which of several addresses is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DnsSelect {
    /// The first.
    First,
    /// Any.
    Random,
    /// One after the other.
    RoundRobin,
}

/// Which kinds of addresses are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DnsPolicy {
    /// IPv4 if there is one.
    PreferIpv4,
    /// IPv6 if there is one.
    PreferIpv6,
    /// IPv4 or none.
    OnlyIpv4,
    /// IPv6 or none.
    OnlyIpv6,
    /// Both.
    Any,
}

const SELECTS: [(&str, DnsSelect); 3] = [
    ("first", DnsSelect::First),
    ("random", DnsSelect::Random),
    ("roundRobin", DnsSelect::RoundRobin),
];

const POLICIES: [(&str, DnsPolicy); 5] = [
    ("preferIPv4", DnsPolicy::PreferIpv4),
    ("preferIPv6", DnsPolicy::PreferIpv6),
    ("onlyIPv4", DnsPolicy::OnlyIpv4),
    ("onlyIPv6", DnsPolicy::OnlyIpv6),
    ("any", DnsPolicy::Any),
];

impl Dns {
    /// `field` from JSON.
    fn set(&mut self, field: &str, value: &Value) -> Result<(), Invalid> {
        match (field, value) {
            (_, Value::Null) => {}
            ("ttl", Value::String(text)) => self.ttl = Some(ttl(text)?),
            ("ttl", other) => self.ttl = Some(DnsTtl::For(duration(other)?)),
            ("select", value) => self.select = Some(choice(&text_of(value)?, &SELECTS)?),
            ("policy", value) => self.policy = Some(choice(&text_of(value)?, &POLICIES)?),
            _ => {
                return Err(Invalid::new(
                    "no such field; there are ttl, select and policy",
                ));
            }
        }
        Ok(())
    }
}

fn ttl(text: &str) -> Result<DnsTtl, Invalid> {
    if text.trim() == "inf" {
        return Ok(DnsTtl::Forever);
    }
    parse_duration_or_ms(text)
        .map(DnsTtl::For)
        .map_err(|error| {
            Invalid::expected_text("inf, 0 or a duration such as 5m", text).because(error)
        })
}

fn name<T: PartialEq>(choices: &[(&str, T)], value: Option<T>) -> Value {
    value
        .and_then(|value| choices.iter().find(|(_, choice)| *choice == value))
        .map_or(Value::Null, |(name, _)| Value::from(*name))
}

impl OptionValue for Dns {
    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "ttl": { "anyOf": [{ "const": "inf" }, { "$ref": "#/$defs/duration" }] },
                "select": { "enum": SELECTS.map(|(name, _)| name) },
                "policy": { "enum": POLICIES.map(|(name, _)| name) },
            },
            "additionalProperties": false,
        })
    }

    fn from_json(value: &Value) -> Result<Self, Invalid> {
        let mut dns = Self::default();
        for (field, value) in object(value)? {
            dns.set(field, value)
                .map_err(|invalid| invalid.within(field))?;
        }
        Ok(dns)
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        let mut dns = Self::default();
        for part in super::comma_separated(text) {
            let Some((field, value)) = part.split_once('=') else {
                return Err(Invalid::expected_text(
                    "fields such as ttl=5m,select=random",
                    text,
                ));
            };
            dns.set(field.trim(), &Value::from(value))
                .map_err(|invalid| invalid.within(field))?;
        }
        Ok(dns)
    }

    fn to_json(&self) -> Value {
        let ttl = self.ttl.map_or(Value::Null, |ttl| match ttl {
            DnsTtl::Forever => Value::from("inf"),
            DnsTtl::For(duration) => Value::from(format_duration(duration)),
        });
        let mut dns = Map::new();
        dns.insert("ttl".to_owned(), ttl);
        dns.insert("select".to_owned(), name(&SELECTS, self.select));
        dns.insert("policy".to_owned(), name(&POLICIES, self.policy));
        Value::Object(dns)
    }

    fn overridden(self, over: Self) -> Self {
        Self {
            ttl: over.ttl.or(self.ttl),
            select: over.select.or(self.select),
            policy: over.policy.or(self.policy),
        }
    }
}
