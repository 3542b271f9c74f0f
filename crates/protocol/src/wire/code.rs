//! The codes of verdict reasons, device states and scopes. A code of a later program is kept as it came.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! open_codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident => $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A code this program does not know.
            Other(String),
        }

        impl $name {
            /// The code that is stored and sent.
            pub fn code(&self) -> &str {
                match self { $($name::$variant => $code,)+ $name::Other(code) => code }
            }

            /// The value with this code.
            pub fn from_code(code: &str) -> Self {
                match code { $($code => $name::$variant,)+ other => $name::Other(other.to_owned()) }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self::from_code(&String::deserialize(deserializer)?))
            }
        }

        // A text, not a closed list: a reader must take a code of a later program.
        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .examples([$($code),+])
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    };
}

open_codes! {
    /// Why a command is held apart until a person has looked at it. A rule of the domain that was broken is
    /// `rule.<code>` and reads as [`QuarantineReason::Other`].
    QuarantineReason {
        /// An event is not well formed; the only reason for which nothing enters the chain.
        Malformed => "malformed",
        /// The device's key did not sign it.
        BadSignature => "bad_signature",
        /// The command's events do not belong together (`k` of `n`, command, case).
        CommandBroken => "command_broken",
        /// Made by another device than the one that sends it.
        OtherDevice => "other_device",
        /// For another municipality.
        OtherTenant => "other_tenant",
        /// A known id with other content: an alarm.
        OtherContent => "other_content",
        /// Two devices carry on from one chain: an alarm.
        ChainFork => "chain_fork",
        /// The device's chain forked earlier; it must be enrolled anew.
        DeviceForked => "device_forked",
        /// The grant is not one of this server.
        GrantUnknown => "grant_unknown",
        /// The grant was not valid at that time.
        GrantNotValid => "grant_not_valid",
        /// The grant is for another person or device than the event says.
        GrantOfAnother => "grant_of_another",
        /// The grant had been revoked: a person looks at the work.
        GrantRevoked => "grant_revoked",
        /// The roles of the grant do not permit it.
        NotPermitted => "not_permitted",
        /// It does not name what its own device had done in the case before, or certainly held of it.
        UnderstatedBasedOn => "understated_based_on",
        /// The payload of a known kind cannot be read.
        PayloadMalformed => "payload_malformed",
        /// The payload of a new event is missing.
        PayloadMissing => "payload_missing",
        /// A person looked at it and sent it back to its author; it will not enter its case.
        Returned => "returned",
    }
}

impl QuarantineReason {
    /// The reason for a broken rule of the domain.
    pub fn rule(code: &str) -> Self {
        Self::Other(format!("rule.{code}"))
    }

    /// The alarm it calls for; none where it follows from what was told before, or is a person's own decision.
    pub fn alarm(&self) -> Option<Urgency> {
        match self {
            Self::Malformed
            | Self::BadSignature
            | Self::CommandBroken
            | Self::OtherDevice
            | Self::OtherTenant
            | Self::OtherContent
            | Self::ChainFork
            | Self::GrantOfAnother
            | Self::UnderstatedBasedOn
            | Self::PayloadMalformed => Some(Urgency::AtOnce),
            Self::GrantUnknown
            | Self::GrantNotValid
            | Self::NotPermitted
            | Self::PayloadMissing => Some(Urgency::Watch),
            Self::DeviceForked | Self::GrantRevoked | Self::Returned => None,
            // Every program of ours writes plain names down.
            Self::Other(code) if code == "rule.file_name_not_plain" => Some(Urgency::AtOnce),
            Self::Other(code) => code.starts_with("rule.").then_some(Urgency::Watch),
        }
    }
}

/// How soon somebody must look at an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// An honest program in its right place can make it too: an older or newer one, one whose answer was lost, one
    /// that came back after its grant ran out.
    Watch,
    /// No honest program makes it whose store is whole, or two computers write as one.
    AtOnce,
}

impl Urgency {
    /// The code that monitoring reads.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::AtOnce => "at_once",
        }
    }
}

open_codes! {
    /// Why a command waits.
    DeferReason {
        /// Events of the device before it have not arrived; it is *not* held, send it again after them.
        ChainGap => "chain_gap",
        /// A kind or version this server does not know; held until the server is newer.
        UnknownKind => "unknown_kind",
        /// An event it builds on has not arrived; held until it has.
        ParentMissing => "parent_missing",
        /// An event it builds on is in quarantine; held until that is settled.
        ParentQuarantined => "parent_quarantined",
    }
}

impl DeferReason {
    /// The alarm it calls for; none where waiting is all there is to it.
    pub fn alarm(&self) -> Option<Urgency> {
        match self {
            Self::ChainGap | Self::UnknownKind => Some(Urgency::Watch),
            Self::ParentMissing | Self::ParentQuarantined | Self::Other(_) => None,
        }
    }
}

open_codes! {
    /// How a device stands with the server.
    DeviceState {
        /// May work.
        Active => "active",
        /// Its chain forked: events are kept, none is accepted.
        Forked => "forked",
        /// Revoked: may not connect.
        Revoked => "revoked",
    }
}

open_codes! {
    /// Which cases a device may see.
    Scope {
        /// All of the municipality.
        Tenant => "tenant",
        /// Those it made or was given.
        OwnCases => "own_cases",
    }
}
