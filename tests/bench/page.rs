//! The built page served over loopback, with the core answering its commands: what a browser shows for comparison.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use serde_json::Value;
use skranke_app::{App, dispatch};
use skranke_tests::window::workspace;
use tempfile::TempDir;

use crate::saving::demo;

/// Stands where the window's own bridge to the core stands.
const BRIDGE: &str = "<script>
  window.__TAURI_INTERNALS__ = {
    transformCallback: () => 0,
    invoke: async (name, args) => {
      const answer = await fetch('/call/' + name, { method: 'POST', body: JSON.stringify(args?.request ?? null) });
      if (!answer.ok) throw await answer.json();
      return answer.json();
    }
  };
</script>";

/// The page and its core; the last thread ends with the program.
pub(crate) struct Page {
    port: u16,
    asked: Arc<AtomicBool>,
}

struct Core {
    app: App,
    dist: PathBuf,
    asked: Arc<AtomicBool>,
    _folder: TempDir,
}

impl Page {
    pub(crate) fn serve() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let asked = Arc::new(AtomicBool::new(false));
        let core = Arc::new(Core {
            app: demo(folder.path())?,
            dist: workspace().join("ui/dist"),
            asked: asked.clone(),
            _folder: folder,
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let core = core.clone();
                // A browser that goes away in the middle is nobody's loss.
                std::thread::spawn(move || core.answer(stream));
            }
        });
        Ok(Self { port, asked })
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/index.html", self.port)
    }

    /// Whether a page asked the core for something.
    pub(crate) fn was_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Core {
    fn answer(&self, mut stream: TcpStream) -> Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut first = String::new();
        reader.read_line(&mut first)?;
        let path = first
            .split_whitespace()
            .nth(1)
            .context("a request has a path")?
            .to_owned();
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let (status, kind, content) = match path.strip_prefix("/call/") {
            Some(name) => self.call(name, &body),
            None => self.file(&path),
        };
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            content.len()
        )?;
        stream.write_all(&content)?;
        Ok(())
    }

    fn call(&self, name: &str, body: &[u8]) -> (&'static str, &'static str, Vec<u8>) {
        self.asked.store(true, Ordering::Relaxed);
        let request = serde_json::from_slice(body).unwrap_or(Value::Null);
        let (status, answer) = match dispatch(&self.app, name, request) {
            Ok(answer) => ("200 OK", answer),
            Err(error) => (
                "400 Bad Request",
                serde_json::to_value(error.to_ui()).unwrap_or(Value::Null),
            ),
        };
        (status, "application/json", answer.to_string().into_bytes())
    }

    fn file(&self, path: &str) -> (&'static str, &'static str, Vec<u8>) {
        let name = Path::new(path.trim_start_matches('/'));
        let kind = match name.extension().and_then(|ending| ending.to_str()) {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript",
            Some("css") => "text/css",
            Some("woff2") => "font/woff2",
            _ => "application/octet-stream",
        };
        match fs::read(self.dist.join(name)) {
            Ok(content) if kind.starts_with("text/html") => {
                let text = String::from_utf8_lossy(&content);
                let text = text.replace("<head>", &["<head>", BRIDGE].concat());
                ("200 OK", kind, text.into_bytes())
            }
            Ok(content) => ("200 OK", kind, content),
            Err(_) => ("404 Not Found", kind, Vec::new()),
        }
    }
}
