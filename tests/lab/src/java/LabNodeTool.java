/**
 * Runs nodetool after initialising the client side of Cassandra: without it,
 * the nodetool of 3.11 fails in a static initialiser on JDK 17.
 */
public final class LabNodeTool {
    public static void main(String[] args) throws Exception {
        try {
            Class.forName("org.apache.cassandra.config.DatabaseDescriptor")
                .getMethod("clientInitialization").invoke(null);
        } catch (NoSuchMethodException before3_11) {
            // 2.2 has nothing to initialise.
        }
        Class.forName("org.apache.cassandra.tools.NodeTool")
            .getMethod("main", String[].class).invoke(null, (Object) args);
    }
}
