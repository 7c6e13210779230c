import Economics
import Values
import WorkflowModel

/// Writes which machines this process has on. Made when the first of them is. Confined to the writer's thread.
final class MachineUses {
    private let own: OwnProcess
    private let insert, end: PreparedStatement

    init(connection: OpaquePointer, texts: BindingArena, own: OwnProcess) throws(SQLiteFailure) {
        self.own = own
        insert = try PreparedStatement(
            "INSERT INTO machine_use(provider, model, process, began_at, hour_pico, price_row) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", on: connection, texts: texts)
        end = try PreparedStatement(
            "UPDATE machine_use SET ended_at = max(?5, began_at) WHERE process = ?3 AND provider = ?1 AND model = ?2 AND began_at = ?4 AND ended_at IS NULL",
            on: connection, texts: texts)
    }

    func began(_ use: MachineUse) throws(SQLiteFailure) {
        bind(use, to: insert)
        insert.bind(5, use.hourly.picoDollars)
        insert.bind(6, use.priceRow)
        try insert.run()
    }

    func ended(_ use: MachineUse, at: Timestamp) throws(SQLiteFailure) {
        bind(use, to: end)
        end.bind(5, at.microseconds)
        try end.run()
    }

    private func bind(_ use: MachineUse, to statement: PreparedStatement) {
        statement.bind(1, use.provider)
        statement.bind(2, use.model)
        statement.bind(3, own.id)
        statement.bind(4, use.began.microseconds)
    }
}
