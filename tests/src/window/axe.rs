//! Accessibility as a routine assertion: axe on whatever the window shows.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::{Window, workspace};

const SOURCE: &str = "ui/node_modules/axe-core/axe.min.js";
/// The sets of colours of `ui/src/styles/tokens.css`.
const THEMES: [&str; 4] = ["light", "dark", "contrast", "contrast-dark"];
const RUN: &str = "
    const done = arguments[arguments.length - 1];
    const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    axe.run(document, { runOnly: rules, resultTypes: ['violations'] }).then(
      (r) => done({ violations: r.violations.map((v) => ({
        id: v.id, help: v.help, nodes: v.nodes.map((n) => n.target.join(' ') + ' :: ' + n.html.slice(0, 160)) })) }),
      (e) => done({ error: String(e) }));";

impl Window {
    /// What axe finds on the page, as `rule: element` lines.
    pub async fn accessibility_findings(&self) -> Result<Vec<String>> {
        if self.eval("return typeof window.axe;", vec![]).await? != json!("object") {
            let source = fs::read_to_string(workspace().join(SOURCE))
                .with_context(|| format!("{SOURCE} is missing: npm ci in ui"))?;
            self.eval(&source, vec![]).await?;
        }
        let report = self.client.execute_async(RUN, vec![]).await?;
        if let Some(error) = report.get("error") {
            bail!("axe did not run: {error}");
        }
        let violations = report
            .get("violations")
            .and_then(Value::as_array)
            .context("axe reports violations")?;
        let mut findings = Vec::new();
        for violation in violations {
            for node in violation["nodes"].as_array().into_iter().flatten() {
                findings.push(format!(
                    "{} ({}): {}",
                    violation["id"].as_str().unwrap_or_default(),
                    violation["help"].as_str().unwrap_or_default(),
                    node.as_str().unwrap_or_default()
                ));
            }
        }
        Ok(findings)
    }

    /// Fails with every finding on the page, in every set of colours in turn.
    pub async fn is_accessible_in_every_theme(&self, place: &str) -> Result<()> {
        const THEME: &str = "
            const before = document.documentElement.dataset.theme;
            document.documentElement.dataset.theme = arguments[0];
            return before ?? 'light';";
        let before = self.eval(THEME, vec![json!(THEMES[0])]).await?;
        for theme in THEMES {
            self.eval(THEME, vec![json!(theme)]).await?;
            self.painted().await?;
            self.is_accessible(&format!("{place} in {theme}")).await?;
        }
        self.eval(THEME, vec![before]).await?;
        Ok(())
    }

    /// Fails with every finding on the page.
    pub async fn is_accessible(&self, place: &str) -> Result<()> {
        let findings = self.accessibility_findings().await?;
        if findings.is_empty() {
            return Ok(());
        }
        let mut message = format!("axe finds {} faults on {place}:\n", findings.len());
        for finding in findings {
            let _ = writeln!(message, "  {finding}");
        }
        bail!(message)
    }
}
