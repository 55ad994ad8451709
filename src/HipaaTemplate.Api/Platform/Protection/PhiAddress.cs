using System.Buffers.Binary;
using System.Runtime.InteropServices;
using HipaaTemplate.Platform.Protection.Ciphers;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Protection;

/// <summary>
/// The one cell that a sealed value belongs to. It is authenticated with the value, so that a value which
/// somebody moved to another row, column, table or tenant does not open.
/// </summary>
/// <param name="Table">Number of the table; names may change, numbers never.</param>
/// <param name="Column">Number of the column in its table.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PhiAddress(TenantId Tenant, int Table, int Column, Guid Row)
{
    public const int AssociatedDataLength = 1 + 1 + 4 + 16 + 4 + 4 + 16;

    /// <summary>
    /// Format, suite, key version, tenant, table, column, row. Every part has a fixed length, so two
    /// different addresses are never the same bytes. Integers and UUIDs in network byte order.
    /// </summary>
    public void WriteAssociatedData(Span<byte> data, CipherSuite suite, int keyVersion)
    {
        data[0] = Envelope.Format;
        data[1] = (byte)suite;
        BinaryPrimitives.WriteInt32BigEndian(data[2..], keyVersion);
        Tenant.Value.TryWriteBytes(data[6..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(data[22..], Table);
        BinaryPrimitives.WriteInt32BigEndian(data[26..], Column);
        Row.TryWriteBytes(data[30..], bigEndian: true, out _);
    }
}
