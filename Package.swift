// swift-tools-version: 6.2
import PackageDescription

/// Applied to every Swift target: Swift 6 language mode, the upcoming features that make imports and isolation
/// explicit, and no warning left standing.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "ddns-acme",
    products: [
        .executable(name: "ddns-acme", targets: ["ddns-acme"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.5.1"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.6.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // MARK: System libraries
        .systemLibrary(name: "CLDNS", pkgConfig: "ldns", providers: [.apt(["libldns-dev", "libssl-dev"])]),

        // MARK: Libraries, leaves first; arrows point one way
        .target(name: "CRenameExchange"),
        .target(name: "CertificateFiles", dependencies: ["CRenameExchange"], swiftSettings: settings),
        .target(
            name: "CommandLineProgram",
            dependencies: [
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "DeviceCertificates",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "DNSUpdate",
            dependencies: [
                "CLDNS",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "ACME",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: settings
        ),
        .target(name: "HTTPProxy", swiftSettings: settings),
        .target(
            name: "ACMEAsyncHTTPClient",
            dependencies: [
                "ACME",
                "HTTPProxy",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "PKCS12",
            dependencies: [
                "CertificateFiles",
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: settings
        ),
        .target(name: "FleetAPI", swiftSettings: settings),
        .target(
            name: "FleetAPIAsyncHTTPClient",
            dependencies: [
                "FleetAPI",
                "HTTPProxy",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        .target(name: "DeviceHost", swiftSettings: settings),
        .target(
            name: "DeviceAgent",
            dependencies: [
                "CertificateFiles",
                "DeviceCertificates",
                "DeviceHost",
                "FleetAPI",
                "PKCS12",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "FleetStore",
            dependencies: [.product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: settings
        ),
        .target(
            name: "FleetConfiguration",
            dependencies: [
                "DNSUpdate",
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Issuance",
            dependencies: [
                "ACME",
                "CertificateFiles",
                "DNSUpdate",
                "DeviceCertificates",
                "FleetStore",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: settings
        ),

        .target(
            name: "ControlServer",
            dependencies: [
                "DNSUpdate",
                "FleetAPI",
                "FleetStore",
                "Issuance",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("OpenAPI/openapi.json")],
            swiftSettings: settings
        ),

        // MARK: Executables: argument parsing over the modules
        .executableTarget(
            name: "ddns-acme",
            dependencies: [
                "ACME",
                "ACMEAsyncHTTPClient",
                "CertificateFiles",
                "CommandLineProgram",
                "ControlServer",
                "DNSUpdate",
                "DeviceCertificates",
                "DeviceHost",
                "FleetAPI",
                "FleetAPIAsyncHTTPClient",
                "FleetConfiguration",
                "FleetStore",
                "HTTPProxy",
                "Issuance",
                "PKCS12",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),

        .executableTarget(
            name: "ddns-acme-agent",
            dependencies: [
                "CertificateFiles",
                "CommandLineProgram",
                "DeviceAgent",
                "DeviceHost",
                "FleetAPI",
                "FleetAPIAsyncHTTPClient",
                "HTTPProxy",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),

        .executableTarget(
            name: "ddns-acme-bench",
            dependencies: [
                "ACME",
                "ACMEAsyncHTTPClient",
                "ControlServer",
                "DNSUpdate",
                "DeviceCertificates",
                "FleetAPI",
                "FleetAPIAsyncHTTPClient",
                "FleetStore",
                "Issuance",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),

        // MARK: Tests
        .target(
            name: "TestSupport",
            dependencies: [
                "ACME",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            path: "Tests/TestSupport",
            swiftSettings: settings
        ),
        .testTarget(name: "DNSUpdateTests", dependencies: ["DNSUpdate", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "ACMETests", dependencies: ["ACME", "ACMEAsyncHTTPClient", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "HTTPProxyTests", dependencies: ["HTTPProxy"], swiftSettings: settings),
        .testTarget(
            name: "CertificateFilesTests", dependencies: ["CertificateFiles", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "FleetAPITests", dependencies: ["FleetAPI", "FleetAPIAsyncHTTPClient", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "DeviceAgentTests",
            dependencies: [
                "CertificateFiles",
                "DeviceAgent",
                "DeviceCertificates",
                "ddns-acme-agent",
                "DeviceHost",
                "FleetAPI",
                "TestSupport",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "FleetStoreTests",
            dependencies: ["FleetStore", "TestSupport", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: settings),
        .testTarget(
            name: "FleetConfigurationTests", dependencies: ["DNSUpdate", "FleetConfiguration", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "IssuanceTests",
            dependencies: [
                "DeviceCertificates", "Issuance", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ControlServerTests",
            dependencies: [
                "ACME", "ControlServer", "DNSUpdate", "FleetAPI", "FleetStore", "Issuance", "TestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CommandLineTests", dependencies: ["ddns-acme", "FleetStore", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "BINDConfigTests", dependencies: ["DNSUpdate", "TestSupport"], swiftSettings: settings),
    ]
)
