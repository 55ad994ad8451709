using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>An event as bytes: what its MAC and its leaf are made of (docs/explanation/audit-format.md).</summary>
internal static class AuditEncoding
{
    public const int MacLength = HMACSHA256.HashSizeInBytes;

    private const uint Absent = uint.MaxValue;
    private const int IdLength = 16;
    private const int RecordLength = 1 + sizeof(int) + IdLength;

    /// <summary>Room for an event without lists; texts are short.</summary>
    private const int FirstCapacity = 512;

    private static ReadOnlySpan<byte> Label => "hipaa-audit/v1"u8;

    public static byte[] Encode(AuditEntry entry)
    {
        var writer = new Writer(FirstCapacity
            + (entry.Void.Count * sizeof(long)) + (entry.Patients.Count * IdLength) + (entry.Records.Count * RecordLength));
        writer.Bytes(Label);
        writer.Id(entry.Tenant.Value);
        writer.Id(entry.Id);
        writer.Number(MicrosecondsOf(entry.At));
        writer.Id(entry.Writer);
        writer.Number(entry.Number);
        writer.Numbers(entry.Void);
        writer.Text(entry.Action);
        writer.Text(entry.Outcome);
        writer.Text(entry.Code);
        writer.Text(entry.ActorType);
        writer.Text(entry.Actor);
        writer.Text(entry.Session);
        writer.Text(entry.Address);
        writer.Text(entry.Purpose);
        writer.Text(entry.Endpoint);
        writer.Text(entry.Request);
        writer.Text(entry.Trace);
        writer.Text(entry.Detail);
        writer.Ids(entry.Patients);
        writer.Records(entry.Records);
        writer.Number(entry.KeyVersion);
        return writer.ToArray();
    }

    /// <summary>Each month (in UTC) has a key of its own, so that an auditor can be given one of them.</summary>
    /// <param name="auditKey">Of that version of the tenant's key.</param>
    /// <param name="at">A time of the month.</param>
    /// <param name="derived">32 bytes.</param>
    public static void DeriveMonthKey(ReadOnlySpan<byte> auditKey, DateTimeOffset at, Span<byte> derived) => HKDF.Expand(
        HashAlgorithmName.SHA256, auditKey, derived, Encoding.ASCII.GetBytes(at.UtcDateTime.ToString("yyyy-MM", CultureInfo.InvariantCulture)));

    /// <param name="monthKey">From <see cref="DeriveMonthKey"/>.</param>
    /// <param name="encoded">From <see cref="Encode"/>.</param>
    public static byte[] Mac(ReadOnlySpan<byte> monthKey, ReadOnlySpan<byte> encoded) => HMACSHA256.HashData(monthKey, encoded);

    public static long MicrosecondsOf(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private struct Writer(int capacity)
    {
        private byte[] buffer = new byte[capacity];
        private int length;

        public void Bytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Field(bytes.Length));

        public void Id(Guid id) => id.TryWriteBytes(Field(IdLength), bigEndian: true, out _);

        public void Number(long number) => BinaryPrimitives.WriteInt64BigEndian(Field(sizeof(long)), number);

        public void Number(int number) => BinaryPrimitives.WriteInt32BigEndian(Field(sizeof(int)), number);

        public void Text(string? text)
        {
            if (text is null)
            {
                BinaryPrimitives.WriteUInt32BigEndian(Next(sizeof(uint)), Absent);
                return;
            }

            Encoding.UTF8.GetBytes(text, Field(Encoding.UTF8.GetByteCount(text)));
        }

        public void Numbers(IReadOnlyList<long> numbers)
        {
            var field = Field(numbers.Count * sizeof(long));
            for (var i = 0; i < numbers.Count; i++)
            {
                BinaryPrimitives.WriteInt64BigEndian(field[(i * sizeof(long))..], numbers[i]);
            }
        }

        public void Ids(IReadOnlyList<Guid> ids)
        {
            var field = Field(ids.Count * IdLength);
            for (var i = 0; i < ids.Count; i++)
            {
                ids[i].TryWriteBytes(field[(i * IdLength)..], bigEndian: true, out _);
            }
        }

        public void Records(IReadOnlyList<AuditedRecord> records)
        {
            var field = Field(records.Count * RecordLength);
            for (var i = 0; i < records.Count; i++)
            {
                var record = field.Slice(i * RecordLength, RecordLength);
                record[0] = (byte)records[i].Access;
                BinaryPrimitives.WriteInt32BigEndian(record[1..], records[i].Table);
                records[i].Id.TryWriteBytes(record[(1 + sizeof(int))..], bigEndian: true, out _);
            }
        }

        public readonly byte[] ToArray() => buffer[..length];

        private Span<byte> Field(int size)
        {
            BinaryPrimitives.WriteUInt32BigEndian(Next(sizeof(uint)), (uint)size);
            return Next(size);
        }

        private Span<byte> Next(int size)
        {
            if (buffer.Length - length < size)
            {
                Array.Resize(ref buffer, Math.Max(2 * buffer.Length, length + size));
            }

            length += size;
            return buffer.AsSpan(length - size, size);
        }
    }
}
