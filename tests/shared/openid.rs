//! A certified OpenID provider on loopback, from its package, and a browser that follows redirects and fills in forms.
#![expect(
    clippy::unwrap_used,
    reason = "a test says what went wrong by panicking"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use skranke_server::config::openid::{OpenIdSettings, RoleSettings};

/// The provider's process; it ends when its standard input does.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    process: Child,
}

impl Provider {
    pub(crate) fn start() -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/openid");
        let mut process = Command::new("node")
            .arg("provider.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node runs; `make install` brings the provider");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let said: Value = serde_json::from_str(&line).expect("the provider is installed");
        Self {
            issuer: said["issuer"].as_str().unwrap().to_owned(),
            process,
        }
    }

    /// What a central store is told of it: two of its roles have a place here.
    pub(crate) fn settings(&self) -> OpenIdSettings {
        let row = |value: &str, role: &str, grant_hours| RoleSettings {
            claim: "roles".to_owned(),
            value: value.to_owned(),
            role: role.to_owned(),
            grant_hours,
        };
        OpenIdSettings {
            issuer: self.issuer.clone(),
            client_id: "skranke".to_owned(),
            roles: vec![
                row("Skranke medarbejder", "counter", Some(12)),
                row("Skranke leder", "lead", None),
            ],
            ..OpenIdSettings::default()
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

pub(crate) struct Page {
    pub(crate) status: u16,
    location: Option<String>,
    pub(crate) body: String,
}

/// A browser as far as signing in needs one.
#[derive(Default)]
pub(crate) struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) fn send(&mut self, method: &str, url: &str, media_type: &str, body: &str) -> Page {
        let rest = url.strip_prefix("http://").unwrap();
        let (host, target) = rest.split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        // HTTP/1.0, so that the body ends with the connection.
        write!(
            stream,
            "{method} /{target} HTTP/1.0\r\nHost: {host}\r\nCookie: {}\r\nContent-Type: {media_type}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            cookies.join("; "),
            body.len()
        )
        .unwrap();
        let mut text = Vec::new();
        stream.read_to_end(&mut text).unwrap();
        let text = String::from_utf8_lossy(&text);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut location = None;
        for line in head.lines().skip(1) {
            let Some((name, value)) = line.split_once(": ") else {
                continue;
            };
            match name.to_lowercase().as_str() {
                "location" if value.starts_with('/') => {
                    location = Some(format!("http://{host}{value}"));
                }
                "location" => location = Some(value.to_owned()),
                "set-cookie" => {
                    let pair = value.split(';').next().unwrap();
                    let (name, value) = pair.split_once('=').unwrap();
                    if value.is_empty() {
                        self.cookies.remove(name);
                    } else {
                        self.cookies.insert(name.to_owned(), value.to_owned());
                    }
                }
                _ => {}
            }
        }
        Page {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            location,
            body: body.to_owned(),
        }
    }

    /// Follows the provider's pages as `user` until it sends the browser back to Skranke; the address it sends it to.
    pub(crate) fn log_in(&mut self, url: &str, user: &str) -> String {
        let mut at = url.to_owned();
        for _ in 0..20 {
            if at.contains("/callback?") {
                return at;
            }
            let mut page = self.send("GET", &at, "text/plain", "");
            if page.location.is_none() {
                let form = page.body.split("action=\"").nth(1);
                let action = form.and_then(|form| form.split('"').next());
                let action = action
                    .unwrap_or_else(|| panic!("a form: {}", page.body))
                    .to_owned();
                let fields = if page.body.contains("value=\"login\"") {
                    format!("prompt=login&login={user}&password=x")
                } else {
                    "prompt=consent".to_owned()
                };
                page = self.send(
                    "POST",
                    &action,
                    "application/x-www-form-urlencoded",
                    &fields,
                );
            }
            assert!(page.status < 400, "refused: {}", page.body);
            at = page
                .location
                .unwrap_or_else(|| panic!("sent on: {}", page.body));
        }
        panic!("the provider never sent the browser back");
    }
}

/// Comes back to Skranke, from a thread as browsers do; the page the person then reads.
pub(crate) fn come_back(address: String) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        Browser::default()
            .send("GET", &address, "text/plain", "")
            .body
    })
}
