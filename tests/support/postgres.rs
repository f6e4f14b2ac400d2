//! PostgreSQL as Debian installs it, started in a folder of its own and gone with whoever started it.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A server that ends with this process, however that ends.
pub struct Server {
    shell: Child,
    folder: TempDir,
    programs: PathBuf,
}

/// Runs until its standard input closes: then the test is over, or was killed.
const SCRIPT: &str = r#"
"$1/initdb" -D "$2/data" -U suanpan -A trust -E UTF8 --locale=C --no-sync >"$2/log" 2>&1 &&
"$1/pg_ctl" -D "$2/data" -w -l "$2/log" -o "-k $2 -c listen_addresses='' $3" start >>"$2/log" 2>&1 &&
echo ready && cat >/dev/null
"$1/pg_ctl" -D "$2/data" -m immediate stop >>"$2/log" 2>&1
"#;

impl Server {
    /// Starts the newest server that is installed, if any is, with options as `postgres` takes them.
    pub fn start(options: &str) -> Option<Server> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let programs = versions.map(|version| version.expect("a folder").path().join("bin"));
        let programs = programs.filter(|bin| bin.join("postgres").exists()).max()?;
        let folder = tempfile::tempdir().expect("a folder");
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "server"]).arg(&programs).arg(folder.path()).arg(options).current_dir("/");
        if std::fs::metadata("/proc/self").expect("this process").uid() == 0 {
            let (user, group) = somebody_else();
            chown(folder.path(), Some(user), Some(group)).expect("its folder");
            shell.uid(user).gid(group);
        }
        let mut shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell");
        let mut line = String::new();
        BufReader::new(shell.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        assert_eq!(line, "ready\n", "PostgreSQL does not start: {log}");
        Some(Server { shell, folder, programs })
    }

    /// The address of its database, as a hub takes it.
    pub fn address(&self) -> String {
        format!("host={} user=suanpan dbname=postgres", self.folder.path().display())
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a query in `psql` and gives what it printed, unaligned.
    pub fn ask(&self, query: &str) -> String {
        let psql = Command::new(self.programs.join("psql"))
            .args(["--no-psqlrc", "-At", "-c", query, &self.address()])
            .output()
            .expect("psql");
        assert!(psql.status.success(), "{query}: {}", String::from_utf8_lossy(&psql.stderr));
        String::from_utf8_lossy(&psql.stdout).trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        drop(self.shell.wait());
    }
}

/// The server refuses to run as root: its own user, or nobody.
fn somebody_else() -> (u32, u32) {
    let users = std::fs::read_to_string("/etc/passwd").expect("users");
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(|number| number.parse().expect("a number"));
        numbers.next().zip(numbers.next())
    };
    find("postgres").or_else(|| find("nobody")).expect("a user who is not root")
}
