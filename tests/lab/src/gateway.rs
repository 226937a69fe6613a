//! The API Gateway stand-in of a gateway host, as seen from a test.

use crate::{Error, Host, Result, paths::read};

/// A gateway host's instance.
#[derive(Debug)]
pub struct Gateway<'a> {
    pub(crate) host: &'a Host,
}

/// As the user that owns the installation: root would leave files of its own.
const STARTINSTANCE: &str = "cd / && exec setpriv --reuid=gateway --regid=gateway --init-groups \
    /opt/Axway/apigateway/posix/bin/startinstance -n Instance1 -g Group1";

impl Gateway<'_> {
    /// Its host.
    pub fn host(&self) -> &Host {
        self.host
    }

    /// Every acknowledged write so far: its number and when, in ms since 1970.
    ///
    /// # Errors
    /// When the log cannot be read, or has a line that is none.
    pub fn acked(&self) -> Result<Vec<(u64, u64)>> {
        let path = self.host.path("/opt/Axway/log/acked.log");
        if !path.exists() {
            return Ok(Vec::new());
        }
        let text = read(&path)?;
        // The last line may be half written.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole
            .lines()
            .map(|line| {
                line.split_once(' ')
                    .and_then(|(seq, at)| Some((seq.parse().ok()?, at.parse().ok()?)))
                    .ok_or_else(|| Error::broken(path.display().to_string(), format!("odd line {line:?}")))
            })
            .collect()
    }

    /// Whether the instance runs.
    ///
    /// # Errors
    /// When the host cannot be asked.
    pub fn is_running(&self) -> Result<bool> {
        Ok(self.host.sh(&format!("{STARTINSTANCE} -s"))?.status.success())
    }

    /// Starts the instance, if it does not run.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(&self) -> Result<()> {
        self.host.must("starting Instance1", &format!("{STARTINSTANCE} -d")).map(drop)
    }

    /// Stops the instance, if it runs, and waits for its end.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop(&self) -> Result<()> {
        self.host.must("stopping Instance1", &format!("{STARTINSTANCE} -k")).map(drop)
    }
}
