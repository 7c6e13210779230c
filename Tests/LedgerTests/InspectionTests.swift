import Foundation
import Testing
import WorkflowModel

@testable import Ledger

@Suite struct InspectionTests {
    @Test func whatIsNotThereIsNotMade() throws {
        let temporary = try TemporaryLedger(subfolder: "/deep/er")
        let inspection = LedgerInspection(path: temporary.path)
        guard case .absent(true) = inspection.state else { Issue.record("\(inspection.state)"); return }
        #expect(inspection.bytes == nil && (inspection.freeBytes ?? 0) > 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.folder).isEmpty)
    }

    @Test func aLedgerInUseIsSound() async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open()
        defer { ledger.close() }
        try await ledger.begin(.sample("r"))
        let inspection = LedgerInspection(path: temporary.path)
        guard case .open(let schema, let isWritable, let faults) = inspection.state else { Issue.record("\(inspection.state)"); return }
        #expect(schema == LedgerInspection.currentSchema && isWritable && faults.isEmpty)
        #expect((inspection.bytes ?? 0) > 0)
    }

    @Test func anEmptyFileAnotherProgramsAndOneFromTheFuture() throws {
        let temporary = try TemporaryLedger()
        FileManager.default.createFile(atPath: temporary.path, contents: Data())
        guard case .open(0, _, []) = LedgerInspection(path: temporary.path).state else { Issue.record("an empty file"); return }
        let other = try temporary.connect()
        try other.write { try $0.execute(sql: "CREATE TABLE mine (x)") }
        guard case .unusable(let error) = LedgerInspection(path: temporary.path).state else { Issue.record("another program's"); return }
        #expect(error.code == .cannotOpen && error.description.contains("another program"))

        let future = try TemporaryLedger()
        try future.open().close()
        try future.connect().write { try $0.execute(sql: "PRAGMA user_version = 9999") }
        guard case .unusable(let tooNew) = LedgerInspection(path: future.path).state else { Issue.record("the future"); return }
        #expect(tooNew.code == .tooNew)
    }

    @Test func damageIsFound() async throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open()
        for run in 0..<200 { try await ledger.begin(.sample("run-\(run)")) }
        ledger.close()
        // Every page but the first is written over.
        let handle = try #require(FileHandle(forUpdatingAtPath: temporary.path))
        let size = try handle.seekToEnd()
        try handle.seek(toOffset: 8192)
        try handle.write(contentsOf: Data(repeating: 0xA5, count: Int(size) - 8192))
        try handle.close()
        switch LedgerInspection(path: temporary.path).state {
        case .open(_, _, let faults): #expect(!faults.isEmpty)
        case .unusable(let error): #expect(error.code == .corrupt)
        case .absent: Issue.record("it is there")
        }
    }
}
