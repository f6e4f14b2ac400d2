use std::path::PathBuf;

/// Where the sample chain is and what it is kept in.
#[derive(clap::Args)]
pub struct Args {
    /// No window: a till sells by itself, the hub is stopped and started, and the figures are compared.
    #[arg(long)]
    pub(super) headless: bool,
    /// Files of the chain.
    #[arg(long, default_value = "sync-server/sample")]
    pub(super) chain: PathBuf,
    /// Folder of the demo's hub and till; delete it to begin again.
    #[arg(long, default_value = ".suanpan/demo")]
    pub(super) data_dir: PathBuf,
    /// HQ's built pages.
    #[arg(long, default_value = "ui/dist")]
    pub(super) ui: PathBuf,
    /// Loopback port of the hub. A till stays with the address it was enrolled at.
    #[arg(long, default_value_t = 8787)]
    pub(super) port: u16,
}
