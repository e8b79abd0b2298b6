//! A PgBouncer in transaction mode before the server that `JETON_TEST_POSTGRES` names, where it is installed.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::schema::Schema;

pub(crate) struct Pooler {
    pub(crate) url: String,
    process: Child,
    _folder: tempfile::TempDir,
}

impl Pooler {
    /// What goes through it works in the schema. None where there is no PgBouncer.
    pub(crate) async fn before(schema: &Schema) -> Option<Self> {
        let program =
            ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].into_iter().find(|path| Path::new(path).exists())?;
        let port = jeton_test_ports::free_port().unwrap();
        let folder = tempfile::tempdir().unwrap();
        // It refuses to be root, so root becomes another user, who has to read the folder.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let settings = folder.path().join("pgbouncer.ini");
        std::fs::write(&settings, settings_for(schema, port)).unwrap();
        let is_root = Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0";
        let mut command = if is_root {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let process = command.arg(&settings).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let pooler = Self { url: format!("postgres://jeton@127.0.0.1:{port}/pooled"), process, _folder: folder };
        jeton_test_ports::wait_for_listener(port);
        Some(pooler)
    }
}

/// Few connections for many clients, so that they are shared.
fn settings_for(schema: &Schema, port: u16) -> String {
    let address = schema.address();
    let (host, server_port) = address.rsplit_once(':').unwrap_or((&address, "5432"));
    let name = &schema.name;
    format!(
        "[databases]\n\
         pooled = host={host} port={server_port} dbname=postgres user=jeton connect_query='SET search_path = {name}'\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
         auth_type = any\npool_mode = transaction\ndefault_pool_size = 4\n"
    )
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
