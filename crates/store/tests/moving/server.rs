//! A look into a schema, and a hand in it, without anything of what is tested.

use tokio_postgres::{Client, NoTls};

use crate::schema::Schema;

impl Schema {
    pub(crate) async fn tell_all(&self, sql: &str) {
        self.client().await.batch_execute(sql).await.unwrap();
    }

    pub(crate) async fn count(&self, of: &str) -> i64 {
        self.client().await.query_one(&format!("SELECT COUNT(*) FROM {of}"), &[]).await.unwrap().get(0)
    }

    /// Table, column, type, in order.
    pub(crate) async fn columns(&self) -> Vec<(String, String, String)> {
        const SQL: &str = "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns \
            WHERE table_schema = current_schema() ORDER BY table_name COLLATE \"C\", column_name COLLATE \"C\"";
        let rows = self.client().await.query(SQL, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
    }

    async fn client(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}
