//! Settings of the municipality's identity provider, with the table that says which claim gives which role.

use std::path::PathBuf;

use serde::Deserialize;
use skranke_domain::role::Role;

use super::secret_in;

/// The file's section `[openid]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenIdSettings {
    /// The issuer, exactly as the provider names itself.
    pub issuer: String,
    /// What Skranke is registered as there: a native (public) client with loopback redirects.
    pub client_id: String,
    /// File with the client's secret, where the provider wants one.
    pub client_secret_file: Option<PathBuf>,
    /// Scopes to ask for beside `openid`.
    pub scopes: Vec<String>,
    /// How far the provider's clock may be off, in seconds; 60 unless it is set.
    pub clock_skew_seconds: Option<u32>,
    /// Which claim gives which role.
    pub roles: Vec<RoleSettings>,
}

/// A row `[[openid.roles]]` of the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleSettings {
    /// Name of the claim.
    pub claim: String,
    /// The value, alone or one of a list.
    pub value: String,
    /// Code of the role it gives.
    pub role: String,
    /// How long the person may work without the central store, where that is less than for all.
    pub grant_hours: Option<u32>,
}

/// The section, checked.
#[derive(Clone)]
pub struct OpenIdConfig {
    /// The issuer.
    pub issuer: String,
    /// What Skranke is registered as there.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: Option<String>,
    /// Scopes to ask for beside `openid`.
    pub scopes: Vec<String>,
    /// How far the provider's clock may be off.
    pub clock_skew_seconds: u32,
    /// Which claim gives which role.
    pub roles: Vec<RoleRow>,
}

/// A row of the table, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRow {
    /// Name of the claim.
    pub claim: String,
    /// The value.
    pub value: String,
    /// The role it gives.
    pub role: Role,
    /// How long the person may work without the central store.
    pub grant_hours: Option<u32>,
}

impl OpenIdSettings {
    /// Checks the section; what is wrong goes to `faults`.
    pub(super) fn check(self, faults: &mut Vec<String>) -> Option<OpenIdConfig> {
        let before = faults.len();
        let is_local = ["http://127.0.0.1:", "http://[::1]:"]
            .iter()
            .any(|local| self.issuer.starts_with(local));
        if !self.issuer.starts_with("https://") && !is_local {
            faults.push("openid.issuer must be an https address".to_owned());
        }
        if self.client_id.is_empty() {
            faults.push("openid.client_id must be given".to_owned());
        }
        if self.roles.is_empty() {
            faults.push("openid.roles must have a row, or nobody gets in".to_owned());
        }
        let clock_skew_seconds = self.clock_skew_seconds.unwrap_or(60);
        if clock_skew_seconds > 300 {
            faults.push("openid.clock_skew_seconds must be at most 300".to_owned());
        }
        let client_secret = self
            .client_secret_file
            .as_deref()
            .and_then(|path| secret_in(path, "openid.client_secret_file", faults));
        let mut roles = Vec::new();
        for row in self.roles {
            match Role::from_code(&row.role) {
                Some(role) => roles.push(RoleRow {
                    claim: row.claim,
                    value: row.value,
                    role,
                    grant_hours: row.grant_hours,
                }),
                None => {
                    let known: Vec<_> = Role::ALL.iter().map(|role| role.code()).collect();
                    let known = known.join(", ");
                    faults.push(format!("openid.roles: a role is one of {known}"));
                }
            }
        }
        (faults.len() == before).then_some(OpenIdConfig {
            issuer: self.issuer,
            client_id: self.client_id,
            client_secret,
            scopes: self.scopes,
            clock_skew_seconds,
            roles,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = r#"
        issuer = "https://login.solbjerg.example"
        client_id = "skranke"
        [[roles]]
        claim = "roles"
        value = "Skranke medarbejder"
        role = "counter"
        grant_hours = 12
    "#;

    fn faults(text: &str) -> Vec<String> {
        let settings: OpenIdSettings = toml::from_str(text).unwrap();
        let mut faults = Vec::new();
        let checked = settings.check(&mut faults);
        assert_eq!(checked.is_some(), faults.is_empty());
        faults
    }

    #[test]
    fn the_table_of_roles_is_read() {
        assert_eq!(faults(EXAMPLE), Vec::<String>::new());
    }

    #[test]
    fn a_provider_without_tls_an_unknown_role_and_an_empty_table_are_faults() {
        let plain = EXAMPLE.replace("https:", "http:");
        assert!(faults(&plain)[0].contains("https"));
        assert!(faults(&EXAMPLE.replace("counter", "chef"))[0].contains("exemption_unit"));
        let (before_table, _) = EXAMPLE.split_once("[[").unwrap();
        assert!(faults(before_table)[0].contains("nobody gets in"));
        assert!(toml::from_str::<OpenIdSettings>("client_secret = 'x'").is_err());
    }
}
