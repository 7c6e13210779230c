/// The zones that functions over times take by name.
public enum TimeZones {
    /// Whether the system's time zone database has a zone: `Europe/Zurich`. `UTC` needs no database.
    public static func isKnown(_ name: String) -> Bool { name == "UTC" || TimeZone.named(name) != nil }
}
