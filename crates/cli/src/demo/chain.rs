//! The demo's hub: the sample chain imported, people who may look, a code for the till.

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;

use sync_server::access::{Role, User};
use sync_server::{Config, Hub, RunningHub};

use super::args::Args;

/// Site and till of the demo.
pub(super) const SITE: &str = "HT01";
pub(super) const TILL: u16 = 1;
/// HQ's name in the demo; its password is new at every start.
pub(super) const HQ_USER: &str = "hq";

/// What a demo needs of its hub.
pub(super) struct Chain {
    config: Config,
    running: Option<RunningHub>,
    pub(super) url: String,
    pub(super) hq_password: String,
    pub(super) enrol_code: String,
    pub(super) api_key: String,
}

impl Chain {
    /// Opens the hub's folder, publishes the sample chain on the first start, and serves.
    pub(super) async fn start(args: &Args, folder: &Path, port: u16) -> Result<Chain, Box<dyn Error>> {
        let folder = folder.join("hub");
        let is_new = !folder.exists();
        std::fs::create_dir_all(&folder)?;
        let mut config = Config::embedded(&folder);
        config.listen = SocketAddr::from(([127, 0, 0, 1], port));
        config.ui_dir = args.ui.join("hq.html").is_file().then(|| args.ui.clone());
        let hub = Hub::open(config.clone())?;
        if is_new {
            hub.import(&args.chain).await?;
        }
        let enrol_code = hub.enrol_code(&SITE.parse()?, TILL).await?;
        let hq_password =
            hub.put_user(User::at_hq(HQ_USER, [Role::Operations, Role::It]), None).await?.unwrap_or_default();
        let api_key = hub.api_key("demo").await?;
        let running = hub.serve().await?;
        let url = running.url().to_owned();
        config.listen = url.trim_start_matches("http://").parse()?;
        Ok(Chain { config, running: Some(running), url, hq_password, enrol_code, api_key })
    }

    /// Stops the hub, as a burnt data centre would.
    pub(super) async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    /// Starts the hub again at its old address.
    pub(super) async fn restart(&mut self) -> Result<(), Box<dyn Error>> {
        if self.running.is_none() {
            self.running = Some(Hub::start(self.config.clone()).await?);
        }
        Ok(())
    }
}
