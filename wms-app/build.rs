use tauri_build::{AppManifest, Attributes};

fn main() {
    // Naming the commands makes the capabilities deny whatever they do not list.
    let commands = AppManifest::new().commands(&["call", "news"]);
    if let Err(error) = tauri_build::try_build(Attributes::new().app_manifest(commands)) {
        println!("cargo::error={error:#}");
    }
}
