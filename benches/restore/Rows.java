import java.io.File;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.apache.cassandra.config.DatabaseDescriptor;
import org.apache.cassandra.io.sstable.CQLSSTableWriter;
import org.apache.cassandra.utils.StorageCompatibilityMode;

/**
 * Writes the rows of the bench's twelve tables as sstables: DIR ROWS BODY (rows of a table, bytes of
 * a body). Bodies are random, so that nothing compresses; each begins with its row's id.
 */
public class Rows {
    public static void main(String[] args) throws Exception {
        // nb, which nodes write by default and refuse to exceed; a client would write oa. The version is
        // decided when its class is made, by a mode that the client's initialization then overwrites.
        Field mode = DatabaseDescriptor.class.getDeclaredField("storageCompatibilityMode");
        mode.setAccessible(true);
        mode.set(null, StorageCompatibilityMode.CASSANDRA_4);
        Class.forName("org.apache.cassandra.io.sstable.format.big.BigFormat$BigVersion");
        int rows = Integer.parseInt(args[1]);
        byte[] body = new byte[Integer.parseInt(args[2])];
        SplittableRandom random = new SplittableRandom(7);
        for (int number = 1; number <= 12; number++) {
            String name = String.format("t%02d", number);
            File dir = new File(args[0], name);
            dir.mkdirs();
            CQLSSTableWriter writer = CQLSSTableWriter.builder()
                .inDirectory(dir.getPath())
                .forTable("CREATE TABLE bench." + name + " (id int PRIMARY KEY, owner text, seq int, body blob)")
                .using("INSERT INTO bench." + name
                    + " (id, owner, seq, body) VALUES (?, ?, ?, ?) USING TIMESTAMP 1700000000000000")
                .build();
            for (int id = 0; id < rows; id++) {
                random.nextBytes(body);
                ByteBuffer.wrap(body).putLong(0, id);
                writer.addRow(id, "owner-" + id % 10, id * 7, ByteBuffer.wrap(body.clone()));
            }
            writer.close();
        }
        System.exit(0);
    }
}
