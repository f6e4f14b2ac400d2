//! The sample chain's hub, stopped and started as a power cut at HQ would.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use suanpan_tests::e2e::{Display, Window};
use sync_server::access::{Role, User};
use sync_server::store::{Store, back_up};
use sync_server::{Config, Hub, RunningHub};
use tempfile::TempDir;

use crate::counter::{self, pictures};

/// The sample chain's first store, and the till that these tests open there.
pub(crate) const SITE: &str = "HT01";
const TILL: u16 = 1;
const HQ_USER: &str = "wangmin";
pub(crate) const HQ_PASSWORD: &str = "a long day in November";

/// A hub with the sample chain.
pub(crate) struct Chain {
    folder: TempDir,
    config: Config,
    running: Option<RunningHub>,
    pub(crate) url: String,
}

impl Chain {
    pub(crate) async fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = Config::embedded(folder.path().join("hub"));
        std::fs::create_dir_all(&config.data_dir).expect("the hub's folder");
        config.ui_dir = Some(root.join("ui/dist"));
        let hub = Hub::open(config.clone()).expect("a hub");
        hub.import(&root.join("sync-server/sample")).await.expect("the sample chain");
        hub.put_user(User::at_hq(HQ_USER, [Role::Operations, Role::It]), Some(HQ_PASSWORD.to_owned()))
            .await
            .expect("somebody at HQ");
        let running = hub.serve().await.expect("the hub serves");
        let url = running.url().to_owned();
        config.listen = url.trim_start_matches("http://").parse::<SocketAddr>().expect("an address");
        Self { folder, config, running: Some(running), url }
    }

    /// A new till's folder.
    pub(crate) fn till_folder(&self) -> PathBuf {
        self.folder_of(TILL)
    }

    /// A new station's folder.
    pub(crate) fn folder_of(&self, till: u16) -> PathBuf {
        self.folder.path().join(format!("till-{till}"))
    }

    pub(crate) async fn enrol_code(&self) -> String {
        self.enrol_code_of(TILL).await
    }

    pub(crate) async fn enrol_code_of(&self, till: u16) -> String {
        let hub = self.running.as_ref().expect("the hub runs").hub();
        hub.enrol_code(&SITE.parse().expect("a site"), till).await.expect("a code")
    }

    pub(crate) async fn stop(&mut self) {
        self.running.take().expect("the hub runs").stop().await;
    }

    pub(crate) async fn restart(&mut self) {
        self.running = Some(Hub::start(self.config.clone()).await.expect("the hub starts again"));
    }

    pub(crate) fn store(&self) -> Arc<Store> {
        Arc::clone(self.running.as_ref().expect("the hub runs").hub().store())
    }

    /// Makes a backup while the hub serves.
    pub(crate) fn back_up(&self) -> PathBuf {
        back_up(&self.config.data_dir, &self.folder.path().join("backup.db"), 0).expect("a backup").file
    }

    /// Goes on from a backup and the escrowed key in a new folder.
    pub(crate) async fn restore(&mut self, backup: &Path) {
        self.stop().await;
        let key = self.config.key_file.clone();
        let Config { listen, ui_dir, .. } = self.config.clone();
        self.config = Config { listen, ui_dir, ..Config::embedded(self.folder.path().join("restored")) };
        std::fs::create_dir(&self.config.data_dir).expect("a new folder");
        std::fs::copy(backup, self.config.data_dir.join("hub.db")).expect("the backup");
        std::fs::copy(key, &self.config.key_file).expect("the key");
        self.restart().await;
    }

    /// A program's window that enrols by itself, as IT starts it on a new machine.
    pub(crate) async fn open_enrolling(&self, display: &Display, name: &str, size: (u32, u32)) -> Window {
        self.open_as(TILL, display, name, size).await
    }

    /// The same as another till.
    pub(crate) async fn open_as(&self, till: u16, display: &Display, name: &str, size: (u32, u32)) -> Window {
        let code = self.enrol_code_of(till).await;
        let more = ["--hub", self.url.as_str(), "--enrol-code", code.as_str()];
        counter::open(display, name, &self.folder_of(till), &more, size).await
    }

    /// HQ's page, before anybody signs in.
    pub(crate) async fn open_hq_page(&self, display: &Display, size: (u32, u32)) -> Window {
        Window::open_browser(display, &format!("{}/hq.html", self.url), size, &pictures()).await
    }

    pub(crate) async fn sign_in_at_hq(&self, window: &mut Window, password: &str) {
        window.find("hq-name").await.clear().await.expect("an empty field");
        window.touch("hq-name").await;
        window.type_text(HQ_USER).await;
        window.touch("hq-password").await;
        window.type_text(password).await;
        window.touch("hq-go").await;
    }

    /// HQ's page of today, signed in.
    pub(crate) async fn open_hq(&self, display: &Display, size: (u32, u32)) -> Window {
        let mut window = self.open_hq_page(display, size).await;
        self.sign_in_at_hq(&mut window, HQ_PASSWORD).await;
        window.find("hq-paid").await;
        window
    }
}
