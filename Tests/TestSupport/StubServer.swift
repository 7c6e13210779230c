@_exported import StubServer
